// No counterpart: Prosody gets these facts from ICU; stringprep.ts says how they are used.
//
// Each table is text: code points and ranges in hexadecimal, separated by blanks. Where the facts come from:
// - The tables named A.1 to C.9 are those of RFC 3454, read from Python's `stringprep` module. Python computes B.2 with the case
//   rules of its own Unicode version, so a mapping whose target is unassigned in Unicode 3.2 was left out. What remains are the
//   RFC's 1371 entries.
// - The two tables of directions are Unicode 15.0's (`Bidi_Class` in DerivedBidiClass.txt) instead of the RFC's D.1 and D.2,
//   since ICU asks its own version: 72 in Debian 12, where this is compared. They differ for code points newer than Unicode 3.2
//   and for 273 older ones, such as the Braille patterns.
//
// spec/host/util/prosody.differential.spec.ts compares the outcome with a real Prosody, code point by code point.

/** RFC 3454 A.1: code points not assigned in Unicode 3.2. */
export const unassigned_points = `
	221 234-24f 2ae-2af 2ef-2ff 350-35f 370-373 376-379 37b-37d 37f-383 38b 38d 3a2 3cf 3f7-3ff 487 4cf 4f6-4f7 4fa-4ff 510-530
	557-558 560 588 58b-590 5a2 5ba 5c5-5cf 5eb-5ef 5f5-60b 60d-61a 61c-61e 620 63b-63f 656-65f 6ee-6ef 6ff 70e 72d-72f 74b-77f
	7b2-900 904 93a-93b 94e-94f 955-957 971-980 984 98d-98e 991-992 9a9 9b1 9b3-9b5 9ba-9bb 9bd 9c5-9c6 9c9-9ca 9ce-9d6 9d8-9db
	9de 9e4-9e5 9fb-a01 a03-a04 a0b-a0e a11-a12 a29 a31 a34 a37 a3a-a3b a3d a43-a46 a49-a4a a4e-a58 a5d a5f-a65 a75-a80 a84 a8c
	a8e a92 aa9 ab1 ab4 aba-abb ac6 aca ace-acf ad1-adf ae1-ae5 af0-b00 b04 b0d-b0e b11-b12 b29 b31 b34-b35 b3a-b3b b44-b46
	b49-b4a b4e-b55 b58-b5b b5e b62-b65 b71-b81 b84 b8b-b8d b91 b96-b98 b9b b9d ba0-ba2 ba5-ba7 bab-bad bb6 bba-bbd bc3-bc5 bc9
	bce-bd6 bd8-be6 bf3-c00 c04 c0d c11 c29 c34 c3a-c3d c45 c49 c4e-c54 c57-c5f c62-c65 c70-c81 c84 c8d c91 ca9 cb4 cba-cbd cc5
	cc9 cce-cd4 cd7-cdd cdf ce2-ce5 cf0-d01 d04 d0d d11 d29 d3a-d3d d44-d45 d49 d4e-d56 d58-d5f d62-d65 d70-d81 d84 d97-d99 db2
	dbc dbe-dbf dc7-dc9 dcb-dce dd5 dd7 de0-df1 df5-e00 e3b-e3e e5c-e80 e83 e85-e86 e89 e8b-e8c e8e-e93 e98 ea0 ea4 ea6 ea8-ea9
	eac eba ebe-ebf ec5 ec7 ece-ecf eda-edb ede-eff f48 f6b-f70 f8c-f8f f98 fbd fcd-fce fd0-fff 1022 1028 102b 1033-1035
	103a-103f 105a-109f 10c6-10cf 10f9-10fa 10fc-10ff 115a-115e 11a3-11a7 11fa-11ff 1207 1247 1249 124e-124f 1257 1259 125e-125f
	1287 1289 128e-128f 12af 12b1 12b6-12b7 12bf 12c1 12c6-12c7 12cf 12d7 12ef 130f 1311 1316-1317 131f 1347 135b-1360 137d-139f
	13f5-1400 1677-167f 169d-169f 16f1-16ff 170d 1715-171f 1737-173f 1754-175f 176d 1771 1774-177f 17dd-17df 17ea-17ff 180f
	181a-181f 1878-187f 18aa-1dff 1e9c-1e9f 1efa-1eff 1f16-1f17 1f1e-1f1f 1f46-1f47 1f4e-1f4f 1f58 1f5a 1f5c 1f5e 1f7e-1f7f 1fb5
	1fc5 1fd4-1fd5 1fdc 1ff0-1ff1 1ff5 1fff 2053-2056 2058-205e 2064-2069 2072-2073 208f-209f 20b2-20cf 20eb-20ff 213b-213c
	214c-2152 2184-218f 23cf-23ff 2427-243f 244b-245f 24ff 2614-2615 2618 267e-267f 268a-2700 2705 270a-270b 2728 274c 274e
	2753-2755 2757 275f-2760 2795-2797 27b0 27bf-27cf 27ec-27ef 2b00-2e7f 2e9a 2ef4-2eff 2fd6-2fef 2ffc-2fff 3040 3097-3098
	3100-3104 312d-3130 318f 31b8-31ef 321d-321f 3244-3250 327c-327e 32cc-32cf 32ff 3377-337a 33de-33df 33ff 4db6-4dff 9fa6-9fff
	a48d-a48f a4c7-abff d7a4-d7ff fa2e-fa2f fa6b-faff fb07-fb12 fb18-fb1c fb37 fb3d fb3f fb42 fb45 fbb2-fbd2 fd40-fd4f fd90-fd91
	fdc8-fdcf fdfd-fdff fe10-fe1f fe24-fe2f fe47-fe48 fe53 fe67 fe6c-fe6f fe75 fefd-fefe ff00 ffbf-ffc1 ffc8-ffc9 ffd0-ffd1
	ffd8-ffd9 ffdd-ffdf ffe7 ffef-fff8 10000-102ff 1031f 10324-1032f 1034b-103ff 10426-10427 1044e-1cfff 1d0f6-1d0ff 1d127-1d129
	1d1de-1d3ff 1d455 1d49d 1d4a0-1d4a1 1d4a3-1d4a4 1d4a7-1d4a8 1d4ad 1d4ba 1d4bc 1d4c1 1d4c4 1d506 1d50b-1d50c 1d515 1d51d
	1d53a 1d53f 1d545 1d547-1d549 1d551 1d6a4-1d6a7 1d7ca-1d7cd 1d800-1fffd 2a6d7-2f7ff 2fa1e-2fffd 30000-3fffd 40000-4fffd
	50000-5fffd 60000-6fffd 70000-7fffd 80000-8fffd 90000-9fffd a0000-afffd b0000-bfffd c0000-cfffd d0000-dfffd e0000
	e0002-e001f e0080-efffd
`;

/** RFC 3454 B.1: invisible characters that are dropped. */
export const mapped_to_nothing = `
	ad 34f 1806 180b-180d 200b-200d 2060 fe00-fe0f feff
`;

/**
 * RFC 3454 B.2: case folding for use with NFKC. A run is `first-last`, with `/2` when only every second code point of it is
 * meant; after the colon stands the distance to the target (`+20`), or the target's code points joined by dots (`73.73`).
 */
export const case_folding = `
	41-5a:+20 b5:+307 c0-d6:+20 d8-de:+20 df:73.73 100-12e/2:+1 130:69.307 132-136/2:+1 139-147/2:+1 149:2bc.6e 14a-176/2:+1
	178:-79 179-17d/2:+1 17f:-10c 181:+d2 182-184/2:+1 186:+ce 187:+1 189-18a:+cd 18b:+1 18e:+4f 18f:+ca 190:+cb 191:+1 193:+cd
	194:+cf 196:+d3 197:+d1 198:+1 19c:+d3 19d:+d5 19f:+d6 1a0-1a4/2:+1 1a6:+da 1a7:+1 1a9:+da 1ac:+1 1ae:+da 1af:+1 1b1-1b2:+d9
	1b3-1b5/2:+1 1b7:+db 1b8:+1 1bc:+1 1c4:+2 1c5:+1 1c7:+2 1c8:+1 1ca:+2 1cb-1db/2:+1 1de-1ee/2:+1 1f0:6a.30c 1f1:+2
	1f2-1f4/2:+1 1f6:-61 1f7:-38 1f8-21e/2:+1 220:-82 222-232/2:+1 345:+74 37a:20.3b9 386:+26 388-38a:+25 38c:+40 38e-38f:+3f
	390:3b9.308.301 391-3a1:+20 3a3-3ab:+20 3b0:3c5.308.301 3c2:+1 3d0:-1e 3d1:-19 3d2:-d 3d3:-6 3d4:-9 3d5:-f 3d6:-16
	3d8-3ee/2:+1 3f0:-36 3f1:-30 3f2:-2f 3f4:-3c 3f5:-40 400-40f:+50 410-42f:+20 460-480/2:+1 48a-4be/2:+1 4c1-4cd/2:+1
	4d0-4f4/2:+1 4f8:+1 500-50e/2:+1 531-556:+30 587:565.582 1e00-1e94/2:+1 1e96:68.331 1e97:74.308 1e98:77.30a 1e99:79.30a
	1e9a:61.2be 1e9b:-3a 1ea0-1ef8/2:+1 1f08-1f0f:-8 1f18-1f1d:-8 1f28-1f2f:-8 1f38-1f3f:-8 1f48-1f4d:-8 1f50:3c5.313
	1f52:3c5.313.300 1f54:3c5.313.301 1f56:3c5.313.342 1f59-1f5f/2:-8 1f68-1f6f:-8 1f80:1f00.3b9 1f81:1f01.3b9 1f82:1f02.3b9
	1f83:1f03.3b9 1f84:1f04.3b9 1f85:1f05.3b9 1f86:1f06.3b9 1f87:1f07.3b9 1f88:1f00.3b9 1f89:1f01.3b9 1f8a:1f02.3b9
	1f8b:1f03.3b9 1f8c:1f04.3b9 1f8d:1f05.3b9 1f8e:1f06.3b9 1f8f:1f07.3b9 1f90:1f20.3b9 1f91:1f21.3b9 1f92:1f22.3b9
	1f93:1f23.3b9 1f94:1f24.3b9 1f95:1f25.3b9 1f96:1f26.3b9 1f97:1f27.3b9 1f98:1f20.3b9 1f99:1f21.3b9 1f9a:1f22.3b9
	1f9b:1f23.3b9 1f9c:1f24.3b9 1f9d:1f25.3b9 1f9e:1f26.3b9 1f9f:1f27.3b9 1fa0:1f60.3b9 1fa1:1f61.3b9 1fa2:1f62.3b9
	1fa3:1f63.3b9 1fa4:1f64.3b9 1fa5:1f65.3b9 1fa6:1f66.3b9 1fa7:1f67.3b9 1fa8:1f60.3b9 1fa9:1f61.3b9 1faa:1f62.3b9
	1fab:1f63.3b9 1fac:1f64.3b9 1fad:1f65.3b9 1fae:1f66.3b9 1faf:1f67.3b9 1fb2:1f70.3b9 1fb3:3b1.3b9 1fb4:3ac.3b9 1fb6:3b1.342
	1fb7:3b1.342.3b9 1fb8-1fb9:-8 1fba-1fbb:-4a 1fbc:3b1.3b9 1fbe:-1c05 1fc2:1f74.3b9 1fc3:3b7.3b9 1fc4:3ae.3b9 1fc6:3b7.342
	1fc7:3b7.342.3b9 1fc8-1fcb:-56 1fcc:3b7.3b9 1fd2:3b9.308.300 1fd3:3b9.308.301 1fd6:3b9.342 1fd7:3b9.308.342 1fd8-1fd9:-8
	1fda-1fdb:-64 1fe2:3c5.308.300 1fe3:3c5.308.301 1fe4:3c1.313 1fe6:3c5.342 1fe7:3c5.308.342 1fe8-1fe9:-8 1fea-1feb:-70
	1fec:-7 1ff2:1f7c.3b9 1ff3:3c9.3b9 1ff4:3ce.3b9 1ff6:3c9.342 1ff7:3c9.342.3b9 1ff8-1ff9:-80 1ffa-1ffb:-7e 1ffc:3c9.3b9
	20a8:72.73 2102:-209f 2103:b0.63 2107:-1eac 2109:b0.66 210b:-20a3 210c:-20a4 210d:-20a5 2110:-20a7 2111:-20a8 2112:-20a6
	2115:-20a7 2116:6e.6f 2119-211b:-20a9 211c:-20aa 211d:-20ab 2120:73.6d 2121:74.65.6c 2122:74.6d 2124:-20aa 2126:-1d5d
	2128:-20ae 212a:-20bf 212b:-2046 212c-212d:-20ca 2130-2131:-20cb 2133:-20c6 213e:-1d8b 213f:-1d7f 2145:-20e1 2160-216f:+10
	24b6-24cf:+1a 3371:68.70.61 3373:61.75 3375:6f.76 3380:70.61 3381:6e.61 3382:3bc.61 3383:6d.61 3384:6b.61 3385:6b.62
	3386:6d.62 3387:67.62 338a:70.66 338b:6e.66 338c:3bc.66 3390:68.7a 3391:6b.68.7a 3392:6d.68.7a 3393:67.68.7a 3394:74.68.7a
	33a9:70.61 33aa:6b.70.61 33ab:6d.70.61 33ac:67.70.61 33b4:70.76 33b5:6e.76 33b6:3bc.76 33b7:6d.76 33b8:6b.76 33b9:6d.76
	33ba:70.77 33bb:6e.77 33bc:3bc.77 33bd:6d.77 33be:6b.77 33bf:6d.77 33c0:6b.3c9 33c1:6d.3c9 33c3:62.71 33c6:63.2215.6b.67
	33c7:63.6f.2e 33c8:64.62 33c9:67.79 33cb:68.70 33cd:6b.6b 33ce:6b.6d 33d7:70.68 33d9:70.70.6d 33da:70.72 33dc:73.76
	33dd:77.62 fb00:66.66 fb01:66.69 fb02:66.6c fb03:66.66.69 fb04:66.66.6c fb05:73.74 fb06:73.74 fb13:574.576 fb14:574.565
	fb15:574.56b fb16:57e.576 fb17:574.56d ff21-ff3a:+20 10400-10425:+28 1d400-1d419:-1d39f 1d434-1d44d:-1d3d3
	1d468-1d481:-1d407 1d49c-1d49e/2:-1d43b 1d49f:-1d43b 1d4a2:-1d43b 1d4a5-1d4a6:-1d43b 1d4a9-1d4ac:-1d43b 1d4ae-1d4b5:-1d43b
	1d4d0-1d4e9:-1d46f 1d504-1d505:-1d4a3 1d507-1d50a:-1d4a3 1d50d-1d514:-1d4a3 1d516-1d51c:-1d4a3 1d538-1d539:-1d4d7
	1d53b-1d53e:-1d4d7 1d540-1d544:-1d4d7 1d546:-1d4d7 1d54a-1d550:-1d4d7 1d56c-1d585:-1d50b 1d5a0-1d5b9:-1d53f
	1d5d4-1d5ed:-1d573 1d608-1d621:-1d5a7 1d63c-1d655:-1d5db 1d670-1d689:-1d60f 1d6a8-1d6b8:-1d2f7 1d6b9:-1d301
	1d6ba-1d6c0:-1d2f7 1d6d3:-1d310 1d6e2-1d6f2:-1d331 1d6f3:-1d33b 1d6f4-1d6fa:-1d331 1d70d:-1d34a 1d71c-1d72c:-1d36b
	1d72d:-1d375 1d72e-1d734:-1d36b 1d747:-1d384 1d756-1d766:-1d3a5 1d767:-1d3af 1d768-1d76e:-1d3a5 1d781:-1d3be
	1d790-1d7a0:-1d3df 1d7a1:-1d3e9 1d7a2-1d7a8:-1d3df 1d7bb:-1d3f8
`;

/**
 * Five compatibility ideographs whose decomposition in Unicode 3.2 was an error (corrigendum 4): what they became there, which
 * stringprep keeps. Written like CASE_FOLDING.
 */
export const old_decompositions = `
	2f868:2136a 2f874:5f33 2f91f:43ab 2f95f:7aae 2f9bf:4d57
`;

/** RFC 3454 C.1.1. */
export const ascii_space = `
	20
`;

/** RFC 3454 C.1.2: spaces outside ASCII. */
export const other_spaces = `
	a0 1680 2000-200b 202f 205f 3000
`;

/** RFC 3454 C.2.1. */
export const ascii_controls = `
	0-1f 7f
`;

/** RFC 3454 C.2.2: control characters outside ASCII. */
export const other_controls = `
	80-9f 6dd 70f 180e 200c-200d 2028-2029 2060-2063 206a-206f feff fff9-fffc 1d173-1d17a
`;

/**
 * RFC 3454 C.3 to C.9, which each of the four profiles prohibits: private use, noncharacters, surrogates, unfit for plain text,
 * unfit for canonical representation, display and tagging characters.
 */
export const always_prohibited = `
	e000-f8ff f0000-ffffd 100000-10fffd fdd0-fdef fffe-ffff 1fffe-1ffff 2fffe-2ffff 3fffe-3ffff 4fffe-4ffff 5fffe-5ffff
	6fffe-6ffff 7fffe-7ffff 8fffe-8ffff 9fffe-9ffff afffe-affff bfffe-bffff cfffe-cffff dfffe-dffff efffe-effff ffffe-fffff
	10fffe-10ffff d800-dfff fff9-fffd 2ff0-2ffb 340-341 200e-200f 202a-202e 206a-206f e0001 e0020-e007f
`;

/** Unicode 15.0 Bidi_Class R and AL, unassigned code points of right-to-left blocks included. */
export const right_to_left_points = `
	590 5be 5c0 5c3 5c6 5c8-5ff 608 60b 60d 61b-64a 66d-66f 671-6d5 6e5-6e6 6ee-6ef 6fa-710 712-72f 74b-7a5 7b1-7ea 7f4-7f5
	7fa-7fc 7fe-815 81a 824 828 82e-858 85c-88f 892-897 8a0-8c9 200f fb1d fb1f-fb28 fb2a-fd3d fd50-fdce fdf0-fdfc fe70-fefe
	10800-1091e 10920-10a00 10a04 10a07-10a0b 10a10-10a37 10a3b-10a3e 10a40-10ae4 10ae7-10b38 10b40-10d23 10d28-10d2f
	10d3a-10e5f 10e7f-10eaa 10ead-10efc 10f00-10f45 10f51-10f81 10f86-10fff 1e800-1e8cf 1e8d7-1e943 1e94b-1eeef 1eef2-1efff
`;

/** Unicode 15.0: every Bidi_Class other than L, R and AL. What is in neither table is left-to-right. */
export const neutral_direction = `
	0-40 5b-60 7b-a9 ab-b4 b6-b9 bb-bf d7 f7 2b9-2ba 2c2-2cf 2d2-2df 2e5-2ed 2ef-36f 374-375 37e 384-385 387 3f6 483-489 58a
	58d-58f 591-5bd 5bf 5c1-5c2 5c4-5c5 5c7 600-607 609-60a 60c 60e-61a 64b-66c 670 6d6-6e4 6e7-6ed 6f0-6f9 711 730-74a 7a6-7b0
	7eb-7f3 7f6-7f9 7fd 816-819 81b-823 825-827 829-82d 859-85b 890-891 898-89f 8ca-902 93a 93c 941-948 94d 951-957 962-963 981
	9bc 9c1-9c4 9cd 9e2-9e3 9f2-9f3 9fb 9fe a01-a02 a3c a41-a42 a47-a48 a4b-a4d a51 a70-a71 a75 a81-a82 abc ac1-ac5 ac7-ac8 acd
	ae2-ae3 af1 afa-aff b01 b3c b3f b41-b44 b4d b55-b56 b62-b63 b82 bc0 bcd bf3-bfa c00 c04 c3c c3e-c40 c46-c48 c4a-c4d c55-c56
	c62-c63 c78-c7e c81 cbc ccc-ccd ce2-ce3 d00-d01 d3b-d3c d41-d44 d4d d62-d63 d81 dca dd2-dd4 dd6 e31 e34-e3a e3f e47-e4e eb1
	eb4-ebc ec8-ece f18-f19 f35 f37 f39-f3d f71-f7e f80-f84 f86-f87 f8d-f97 f99-fbc fc6 102d-1030 1032-1037 1039-103a 103d-103e
	1058-1059 105e-1060 1071-1074 1082 1085-1086 108d 109d 135d-135f 1390-1399 1400 1680 169b-169c 1712-1714 1732-1733 1752-1753
	1772-1773 17b4-17b5 17b7-17bd 17c6 17c9-17d3 17db 17dd 17f0-17f9 1800-180f 1885-1886 18a9 1920-1922 1927-1928 1932 1939-193b
	1940 1944-1945 19de-19ff 1a17-1a18 1a1b 1a56 1a58-1a5e 1a60 1a62 1a65-1a6c 1a73-1a7c 1a7f 1ab0-1ace 1b00-1b03 1b34 1b36-1b3a
	1b3c 1b42 1b6b-1b73 1b80-1b81 1ba2-1ba5 1ba8-1ba9 1bab-1bad 1be6 1be8-1be9 1bed 1bef-1bf1 1c2c-1c33 1c36-1c37 1cd0-1cd2
	1cd4-1ce0 1ce2-1ce8 1ced 1cf4 1cf8-1cf9 1dc0-1dff 1fbd 1fbf-1fc1 1fcd-1fcf 1fdd-1fdf 1fed-1fef 1ffd-1ffe 2000-200d 2010-2070
	2074-207e 2080-208e 20a0-20f0 2100-2101 2103-2106 2108-2109 2114 2116-2118 211e-2123 2125 2127 2129 212e 213a-213b 2140-2144
	214a-214d 2150-215f 2189-218b 2190-2335 237b-2394 2396-2426 2440-244a 2460-249b 24ea-26ab 26ad-27ff 2900-2b73 2b76-2b95
	2b97-2bff 2ce5-2cea 2cef-2cf1 2cf9-2cff 2d7f 2de0-2e5d 2e80-2e99 2e9b-2ef3 2f00-2fd5 2ff0-2ffb 3000-3004 3008-3020 302a-302d
	3030 3036-3037 303d-303f 3099-309c 30a0 30fb 31c0-31e3 321d-321e 3250-325f 327c-327e 32b1-32bf 32cc-32cf 3377-337a 33de-33df
	33ff 4dc0-4dff a490-a4c6 a60d-a60f a66f-a67f a69e-a69f a6f0-a6f1 a700-a721 a788 a802 a806 a80b a825-a826 a828-a82c a838-a839
	a874-a877 a8c4-a8c5 a8e0-a8f1 a8ff a926-a92d a947-a951 a980-a982 a9b3 a9b6-a9b9 a9bc-a9bd a9e5 aa29-aa2e aa31-aa32 aa35-aa36
	aa43 aa4c aa7c aab0 aab2-aab4 aab7-aab8 aabe-aabf aac1 aaec-aaed aaf6 ab6a-ab6b abe5 abe8 abed fb1e fb29 fd3e-fd4f fdcf-fdef
	fdfd-fe19 fe20-fe52 fe54-fe66 fe68-fe6b feff ff01-ff20 ff3b-ff40 ff5b-ff65 ffe0-ffe6 ffe8-ffee fff0-ffff 10101 10140-1018c
	10190-1019c 101a0 101fd 102e0-102fb 10376-1037a 1091f 10a01-10a03 10a05-10a06 10a0c-10a0f 10a38-10a3a 10a3f 10ae5-10ae6
	10b39-10b3f 10d24-10d27 10d30-10d39 10e60-10e7e 10eab-10eac 10efd-10eff 10f46-10f50 10f82-10f85 11001 11038-11046
	11052-11065 11070 11073-11074 1107f-11081 110b3-110b6 110b9-110ba 110c2 11100-11102 11127-1112b 1112d-11134 11173
	11180-11181 111b6-111be 111c9-111cc 111cf 1122f-11231 11234 11236-11237 1123e 11241 112df 112e3-112ea 11300-11301
	1133b-1133c 11340 11366-1136c 11370-11374 11438-1143f 11442-11444 11446 1145e 114b3-114b8 114ba 114bf-114c0 114c2-114c3
	115b2-115b5 115bc-115bd 115bf-115c0 115dc-115dd 11633-1163a 1163d 1163f-11640 11660-1166c 116ab 116ad 116b0-116b5 116b7
	1171d-1171f 11722-11725 11727-1172b 1182f-11837 11839-1183a 1193b-1193c 1193e 11943 119d4-119d7 119da-119db 119e0
	11a01-11a06 11a09-11a0a 11a33-11a38 11a3b-11a3e 11a47 11a51-11a56 11a59-11a5b 11a8a-11a96 11a98-11a99 11c30-11c36
	11c38-11c3d 11c92-11ca7 11caa-11cb0 11cb2-11cb3 11cb5-11cb6 11d31-11d36 11d3a 11d3c-11d3d 11d3f-11d45 11d47 11d90-11d91
	11d95 11d97 11ef3-11ef4 11f00-11f01 11f36-11f3a 11f40 11f42 11fd5-11ff1 13440 13447-13455 16af0-16af4 16b30-16b36 16f4f
	16f8f-16f92 16fe2 16fe4 1bc9d-1bc9e 1bca0-1bca3 1cf00-1cf2d 1cf30-1cf46 1d167-1d169 1d173-1d182 1d185-1d18b 1d1aa-1d1ad
	1d1e9-1d1ea 1d200-1d245 1d300-1d356 1d6db 1d715 1d74f 1d789 1d7c3 1d7ce-1d7ff 1da00-1da36 1da3b-1da6c 1da75 1da84
	1da9b-1da9f 1daa1-1daaf 1e000-1e006 1e008-1e018 1e01b-1e021 1e023-1e024 1e026-1e02a 1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef
	1e2ff 1e4ec-1e4ef 1e8d0-1e8d6 1e944-1e94a 1eef0-1eef1 1f000-1f02b 1f030-1f093 1f0a0-1f0ae 1f0b1-1f0bf 1f0c1-1f0cf
	1f0d1-1f0f5 1f100-1f10f 1f12f 1f16a-1f16f 1f1ad 1f260-1f265 1f300-1f6d7 1f6dc-1f6ec 1f6f0-1f6fc 1f700-1f776 1f77b-1f7d9
	1f7e0-1f7eb 1f7f0 1f800-1f80b 1f810-1f847 1f850-1f859 1f860-1f887 1f890-1f8ad 1f8b0-1f8b1 1f900-1fa53 1fa60-1fa6d
	1fa70-1fa7c 1fa80-1fa88 1fa90-1fabd 1fabf-1fac5 1face-1fadb 1fae0-1fae8 1faf0-1faf8 1fb00-1fb92 1fb94-1fbca 1fbf0-1fbf9
	1fffe-1ffff 2fffe-2ffff 3fffe-3ffff 4fffe-4ffff 5fffe-5ffff 6fffe-6ffff 7fffe-7ffff 8fffe-8ffff 9fffe-9ffff afffe-affff
	bfffe-bffff cfffe-cffff dfffe-e0fff efffe-effff ffffe-fffff 10fffe-10ffff
`;
