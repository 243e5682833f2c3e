;;; guix-docker --- Docker images from Guile and C
;;; Copyright © 2026 The guix-docker authors
;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; This file is part of guix-docker.
;;;
;;; guix-docker is free software; you can redistribute it and/or modify it
;;; under the terms of the GNU General Public License as published by
;;; the Free Software Foundation; either version 3 of the License, or (at
;;; your option) any later version.
;;;
;;; guix-docker is distributed in the hope that it will be useful, but
;;; WITHOUT ANY WARRANTY; without even the implied warranty of
;;; MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
;;; GNU General Public License for more details.
;;;
;;; You should have received a copy of the GNU General Public License
;;; along with guix-docker.  If not, see <http://www.gnu.org/licenses/>.

(define-module (guix-docker crates)
  #:use-module (guix build-system cargo)
  #:export (lookup-cargo-inputs))

;;; Commentary:
;;;
;;; The crates in Cargo.lock.  "guile/renew-crates" writes this file.
;;;
;;; Code:

(define rust-aho-corasick-1.1.5
  (crate-source "aho-corasick" "1.1.5"
                "1fhjkp2nbs7gg4y1b68hpc8028rpax8aiscfh9b60q78m4pn90n9"))

(define rust-anes-0.1.6
  (crate-source "anes" "0.1.6"
                "16bj1ww1xkwzbckk32j2pnbn5vk6wgsl3q4p3j9551xbcarwnijb"))

(define rust-anstream-1.0.0
  (crate-source "anstream" "1.0.0"
                "13d2bj0xfg012s4rmq44zc8zgy1q8k9yp7yhvfnarscnmwpj2jl2"))

(define rust-anstyle-1.0.14
  (crate-source "anstyle" "1.0.14"
                "0030szmgj51fxkic1hpakxxgappxzwm6m154a3gfml83lq63l2wl"))

(define rust-anstyle-parse-1.0.0
  (crate-source "anstyle-parse" "1.0.0"
                "03hkv2690s0crssbnmfkr76kw1k7ah2i6s5amdy9yca2n8w7zkjj"))

(define rust-anstyle-query-1.1.5
  (crate-source "anstyle-query" "1.1.5"
                "1p6shfpnbghs6jsa0vnqd8bb8gd7pjd0jr7w0j8jikakzmr8zi20"))

(define rust-anstyle-wincon-3.0.11
  (crate-source "anstyle-wincon" "3.0.11"
                "0zblannm70sk3xny337mz7c6d8q8i24vhbqi42ld8v7q1wjnl7i9"))

(define rust-autocfg-1.5.1
  (crate-source "autocfg" "1.5.1"
                "0lqasy5i30flcgih1b50kvsk6z32g09r1q4ql7q81pj6228jy0zj"))

(define rust-bitflags-2.13.2
  (crate-source "bitflags" "2.13.2"
                "01hbgjwvid66850fzi76mvn5f2bqycx6sf165ng1kfjqq9bl1v9x"))

(define rust-block-buffer-0.12.1
  (crate-source "block-buffer" "0.12.1"
                "1ak0cvmxz3yifqmzv6aba9606brsz7d5g3piv5xdcvjsx7dwgxnj"))

(define rust-bumpalo-3.20.4
  (crate-source "bumpalo" "3.20.4"
                "1nrq69ym33pmydashsxw1447a0r3v1q87drch9xzpchyzmkcz847"))

(define rust-cast-0.3.0
  (crate-source "cast" "0.3.0"
                "1dbyngbyz2qkk0jn2sxil8vrz3rnpcj142y184p9l4nbl9radcip"))

(define rust-cbindgen-0.29.4
  (crate-source "cbindgen" "0.29.4"
                "085f02ma9cdz0alnl1p6b1x6bmr7i9nnasq2fjk7n5lw9i457jrf"))

(define rust-cc-1.11.3
  (crate-source "cc" "1.11.3"
                "0sgskgkiv1502hz51s6hd125a1jayb0dyv6aw1f38s5kmliy1w02"))

(define rust-cfg-if-1.0.5
  (crate-source "cfg-if" "1.0.5"
                "0026j56901nzjraap3da0a8njw42j66zcxnn6s2s9aa5bcblhxjf"))

(define rust-ciborium-0.2.2
  (crate-source "ciborium" "0.2.2"
                "03hgfw4674im1pdqblcp77m7rc8x2v828si5570ga5q9dzyrzrj2"))

(define rust-ciborium-io-0.2.2
  (crate-source "ciborium-io" "0.2.2"
                "0my7s5g24hvp1rs1zd1cxapz94inrvqpdf1rslrvxj8618gfmbq5"))

(define rust-ciborium-ll-0.2.2
  (crate-source "ciborium-ll" "0.2.2"
                "1n8g4j5rwkfs3rzfi6g1p7ngmz6m5yxsksryzf5k72ll7mjknrjp"))

(define rust-clap-4.6.9
  (crate-source "clap" "4.6.9"
                "0z1k2mq1fdh3vj2c0fafs8ql8i5644dwl32pinv2q6dycl5mqk44"))

(define rust-clap-builder-4.6.7
  (crate-source "clap_builder" "4.6.7"
                "0kbhai5rv1vj9r4np52g2b9fmhvy3y82digs9v40c57bgbxrf1zc"))

(define rust-clap-complete-4.6.11
  (crate-source "clap_complete" "4.6.11"
                "0brrz8vdgqg9c0dcdz69096dzmk18vv96l44gvzhlv93j8d2lzh3"))

(define rust-clap-derive-4.6.9
  (crate-source "clap_derive" "4.6.9"
                "1mqc10w212v411pm03kmaiabv71b51g95005qsl9r6wl3zqp9hdl"))

(define rust-clap-lex-1.1.2
  (crate-source "clap_lex" "1.1.2"
                "0y9asv286gc92n02i11f5h15h91ljizjx4cz3j5dz8dkfqw1p4p0"))

(define rust-clap-mangen-0.2.33
  (crate-source "clap_mangen" "0.2.33"
                "0y1d3wccspkd48cs9jhc9i2kk5z22sj2lvhwrnpsxqz2hz0zyc3y"))

(define rust-colorchoice-1.0.5
  (crate-source "colorchoice" "1.0.5"
                "0w75k89hw39p0mnnhlrwr23q50rza1yjki44qvh2mgrnj065a1qx"))

(define rust-console-0.16.6
  (crate-source "console" "0.16.6"
                "1qv4mgi3kyvasw15mj9lcn14skrqg6m4vbxmm0kc24scfxb4jsp9"))

(define rust-const-format-0.2.37
  (crate-source "const_format" "0.2.37"
                "0m04hhk72casbbqixqg4xm6a86spl0saci1mj9cqci35d56wppm3"))

(define rust-const-format-proc-macros-0.2.37
  (crate-source "const_format_proc_macros" "0.2.37"
                "0ndn186d13yv97fbry163bacz9mz0j66hnyb11pm0hm6d415f6wl"))

(define rust-const-oid-0.10.3
  (crate-source "const-oid" "0.10.3"
                "16is3l224m0m7lc2zqhmnfhv8mljkv1274v8k6hj32imhjld95dy"))

(define rust-cpufeatures-0.3.1
  (crate-source "cpufeatures" "0.3.1"
                "0rkm1l35jy1z1yfg723fddsxc7vr0gc1hhfvc138hnqiwc58p8jw"))

(define rust-crc32fast-1.5.5
  (crate-source "crc32fast" "1.5.5"
                "0r5dgm4p0hi5bhg90qbw1f09rmgfhlzhgldbmx01yxrml799v4ib"))

(define rust-criterion-0.7.0
  (crate-source "criterion" "0.7.0"
                "0a6rrgka8013l5d7bhlln60fja7nj4qmlhc4z92y3hqc5fk4gh71"))

(define rust-criterion-plot-0.6.0
  (crate-source "criterion-plot" "0.6.0"
                "0f73hgvmxacda8xk3a2xfbrqmphcz1ail2xdhjfmkbnzqw6wq6wv"))

(define rust-crunchy-0.2.4
  (crate-source "crunchy" "0.2.4"
                "1mbp5navim2qr3x48lyvadqblcxc1dm0lqr0swrkkwy2qblvw3s6"))

(define rust-crypto-common-0.2.2
  (crate-source "crypto-common" "0.2.2"
                "0lql5wjlrjkd3r0w32rwbgqfmgg84ms3h65ldnlckmkc3nb4qvnf"))

(define rust-darling-0.20.11
  (crate-source "darling" "0.20.11"
                "1vmlphlrlw4f50z16p4bc9p5qwdni1ba95qmxfrrmzs6dh8lczzw"))

(define rust-darling-core-0.20.11
  (crate-source "darling_core" "0.20.11"
                "0bj1af6xl4ablnqbgn827m43b8fiicgv180749f5cphqdmcvj00d"))

(define rust-darling-macro-0.20.11
  (crate-source "darling_macro" "0.20.11"
                "1bbfbc2px6sj1pqqq97bgqn6c8xdnb2fmz66f7f40nrqrcybjd7w"))

(define rust-deranged-0.5.9
  (crate-source "deranged" "0.5.9"
                "13nj445c8frp617vx84g1m5yp1gg63sg09gscbf907xdw8nfg7cy"))

(define rust-derive-builder-0.20.2
  (crate-source "derive_builder" "0.20.2"
                "0is9z7v3kznziqsxa5jqji3ja6ay9wzravppzhcaczwbx84znzah"))

(define rust-derive-builder-core-0.20.2
  (crate-source "derive_builder_core" "0.20.2"
                "1s640r6q46c2iiz25sgvxw3lk6b6v5y8hwylng7kas2d09xwynrd"))

(define rust-derive-builder-macro-0.20.2
  (crate-source "derive_builder_macro" "0.20.2"
                "0g1zznpqrmvjlp2w7p0jzsjvpmw5rvdag0rfyypjhnadpzib0qxb"))

(define rust-digest-0.11.3
  (crate-source "digest" "0.11.3"
                "1hnmhd4rkybr11292w42pz9ppzx1h49glrhqg107k4s1b2xnvpgi"))

(define rust-either-1.19.0
  (crate-source "either" "1.19.0"
                "1gjq21g0sgk5ylpj85zafcinwhh3jj91i6drhb4278vw2v17370f"))

(define rust-encode-unicode-1.0.0
  (crate-source "encode_unicode" "1.0.0"
                "1h5j7j7byi289by63s3w4a8b3g6l5ccdrws7a67nn07vdxj77ail"))

(define rust-equivalent-1.0.3
  (crate-source "equivalent" "1.0.3"
                "09nqddaa84mix3vil6r02jlmya3qypi4j45dhzb8yphf83ap9l80"))

(define rust-errno-0.3.15
  (crate-source "errno" "0.3.15"
                "0xj7g0gdrgylxchyzxpfvvb5322j87zbhgal3pjr1fyfyiw6wpg3"))

(define rust-fastrand-2.5.0
  (crate-source "fastrand" "2.5.0"
                "08q2r30y62winysimnlpbvw9kiwn0rmdlidqlmzd6z90mv764z6s"))

(define rust-filetime-0.2.29
  (crate-source "filetime" "0.2.29"
                "0napyyfccb26r7fyh9hg7ixrh4vph9h7y7k4iv1j19phqwrpla2w"))

(define rust-find-msvc-tools-0.1.15
  (crate-source "find-msvc-tools" "0.1.15"
                "0j5sh4lb7g8xh6kd67s0vz037ah5hlp9f2rbgbg9f41rqmf92rhw"))

(define rust-flate2-1.1.11
  (crate-source "flate2" "1.1.11"
                "1i44w2j9sw5lqvkrw0d0d3dnn84zrz3nzlsyyrq6wr3b68l4jvb2"))

(define rust-fnv-1.0.7
  (crate-source "fnv" "1.0.7"
                "1hc2mcqha06aibcaza94vbi81j6pr9a1bbxrxjfhc91zin8yr7iz"))

(define rust-foldhash-0.2.0
  (crate-source "foldhash" "0.2.0"
                "1nvgylb099s11xpfm1kn2wcsql080nqmnhj1l25bp3r2b35j9kkp"))

(define rust-futures-core-0.3.34
  (crate-source "futures-core" "0.3.34"
                "0pjgv4fx0np6hrs5sz5a2phabwv0z70yr51v03injbi44bjrkmlj"))

(define rust-futures-task-0.3.34
  (crate-source "futures-task" "0.3.34"
                "1zfilqs8nwlfqz4prk7ihvpp5avvzins87ibzlxzq5fhs7ipshfd"))

(define rust-futures-util-0.3.34
  (crate-source "futures-util" "0.3.34"
                "1g3r9ghzq7c2fh34lis43i72xavk9p84npgfwgb5vfpqcwjajl0d"))

(define rust-getrandom-0.3.4
  (crate-source "getrandom" "0.3.4"
                "1zbpvpicry9lrbjmkd4msgj3ihff1q92i334chk7pzf46xffz7c9"))

(define rust-getrandom-0.4.3
  (crate-source "getrandom" "0.4.3"
                "16b0202fkdwz3p2cyll82dv24ljbn0wiyy829v4lwbkbflyqh3ih"))

(define rust-getset-0.1.7
  (crate-source "getset" "0.1.7"
                "0xvslz4f4siivbgcx8kd8nv81483dk1ayf8jgp716hmymax45x3c"))

(define rust-half-2.7.1
  (crate-source "half" "2.7.1"
                "0jyq42xfa6sghc397mx84av7fayd4xfxr4jahsqv90lmjr5xi8kf"))

(define rust-hashbrown-0.17.1
  (crate-source "hashbrown" "0.17.1"
                "0jmqz7i4yl6cm7rbn0i2ffkfrmwi6xkmzkaldr2v8bcsx2v0jngd"))

(define rust-heck-0.5.0
  (crate-source "heck" "0.5.0"
                "1sjmpsdl8czyh9ywl3qcsfsq9a307dg4ni2vnlwgnzzqhc4y0113"))

(define rust-hybrid-array-0.4.15
  (crate-source "hybrid-array" "0.4.15"
                "05wsyp2n5gyf49qk51mblj9qyb15aay74m6fwmf74mpv1pqn9y17"))

(define rust-ident-case-1.0.1
  (crate-source "ident_case" "1.0.1"
                "0fac21q6pwns8gh1hz3nbq15j8fi441ncl6w4vlnd1cmc55kiq5r"))

(define rust-indexmap-2.14.2
  (crate-source "indexmap" "2.14.2"
                "0mf86hbjkkcd82cpq683bblbs0zwa8ndla96ci8p1ji6bl7ijknc"))

(define rust-indicatif-0.18.6
  (crate-source "indicatif" "0.18.6"
                "037vk2cr5b0iwri5023wjyww7d4gqpjcf8f0g6x1mv5lsrn80cwl"))

(define rust-is-terminal-polyfill-1.70.2
  (crate-source "is_terminal_polyfill" "1.70.2"
                "15anlc47sbz0jfs9q8fhwf0h3vs2w4imc030shdnq54sny5i7jx6"))

(define rust-itertools-0.13.0
  (crate-source "itertools" "0.13.0"
                "11hiy3qzl643zcigknclh446qb9zlg4dpdzfkjaa9q9fqpgyfgj1"))

(define rust-itoa-1.0.19
  (crate-source "itoa" "1.0.19"
                "1m44ca6ihrapjhlfy1vn4zj207qyhizbv0c1iwgnr6ksc575gl9v"))

(define rust-jobserver-0.1.35
  (crate-source "jobserver" "0.1.35"
                "1crwgbb0wjph42ni4hqryjxlv4vlr0hyk81g76id9fpa56ysq00w"))

(define rust-js-sys-0.3.107
  (crate-source "js-sys" "0.3.107"
                "0fjdb084avbdxqb6n14lzszwn91wg88npasfym7bz2q9ahhrvh4d"))

(define rust-konst-0.2.20
  (crate-source "konst" "0.2.20"
                "1yyf1fhk28wbf1lqrga9as4cpfmpbry9a5vvdqyxgz14g3nk708j"))

(define rust-konst-macro-rules-0.2.19
  (crate-source "konst_macro_rules" "0.2.19"
                "0dswja0dqcww4x3fwjnirc0azv2n6cazn8yv0kddksd8awzkz4x4"))

(define rust-libc-0.2.191
  (crate-source "libc" "0.2.191"
                "02i4j7pjh129y92rijaia4576131fa2xjsii1dc3c1fnlv4qgkb5"))

(define rust-libdeflate-sys-1.26.1
  (crate-source "libdeflate-sys" "1.26.1"
                "176ibd15brrwpmhynawqbl1fz82c3yqmywkwjfd1fri7pmghx1yp"))

(define rust-libdeflater-1.26.1
  (crate-source "libdeflater" "1.26.1"
                "07qy2jigyqa7r1rc5cypl15lnd9937l0m12m866lpgg2sa2q5fqc"))

(define rust-linux-raw-sys-0.12.1
  (crate-source "linux-raw-sys" "0.12.1"
                "0lwasljrqxjjfk9l2j8lyib1babh2qjlnhylqzl01nihw14nk9ij"))

(define rust-log-0.4.35
  (crate-source "log" "0.4.35"
                "0p002750b2hab9bnlxxrvk5g9dvyaf23kiy39s6wsi6s29nzh5ax"))

(define rust-memchr-2.8.3
  (crate-source "memchr" "2.8.3"
                "161xa63ipfanf8v3nb82xd5hqgydv55nzw59wyngqbz6alfaz2yg"))

(define rust-num-conv-0.1.0
  (crate-source "num-conv" "0.1.0"
                "1ndiyg82q73783jq18isi71a7mjh56wxrk52rlvyx0mi5z9ibmai"))

(define rust-num-traits-0.2.19
  (crate-source "num-traits" "0.2.19"
                "0h984rhdkkqd4ny9cif7y2azl3xdfb7768hb9irhpsch4q3gq787"))

(define rust-oci-spec-0.10.0
  (crate-source "oci-spec" "0.10.0"
                "1ysnclwkaqk8ic56izk51vwk5k6s7rf8z5kydxknlkbpmmvgixix"))

(define rust-once-cell-1.21.4
  (crate-source "once_cell" "1.21.4"
                "0l1v676wf71kjg2khch4dphwh1jp3291ffiymr2mvy1kxd5kwz4z"))

(define rust-once-cell-polyfill-1.70.2
  (crate-source "once_cell_polyfill" "1.70.2"
                "1zmla628f0sk3fhjdjqzgxhalr2xrfna958s632z65bjsfv8ljrq"))

(define rust-oorandom-11.1.5
  (crate-source "oorandom" "11.1.5"
                "07mlf13z453fq01qff38big1lh83j8l6aaglf63ksqzzqxc0yyfn"))

(define rust-pin-project-lite-0.2.18
  (crate-source "pin-project-lite" "0.2.18"
                "0li7lxjqidvbksliq1jc7vl5izypdkcr0fsms1gncbam35bh2f69"))

(define rust-pkg-config-0.3.34
  (crate-source "pkg-config" "0.3.34"
                "0j05h08nzg0q8rf6lzw7nry0b7kn7x97vc9n4hwrl52fqzxn9d7n"))

(define rust-portable-atomic-1.15.0
  (crate-source "portable-atomic" "1.15.0"
                "11csag858ndk5w4yz17h91vy53ynh67r2903gwwdn2cnilzbdj05"))

(define rust-powerfmt-0.2.1
  (crate-source "powerfmt" "0.2.1"
                "0n293rvnpisjmxdqhq6zmrvcdql7j1c4zrcy5053vrv5x6wr8qsa"))

(define rust-ppv-lite86-0.2.21
  (crate-source "ppv-lite86" "0.2.21"
                "1abxx6qz5qnd43br1dd9b2savpihzjza8gb4fbzdql1gxp2f7sl5"))

(define rust-proc-macro2-1.0.107
  (crate-source "proc-macro2" "1.0.107"
                "1nb6ly8kp65f724kj73ippc7lvydss24sm2vagk6qpklpg4pwplq"))

(define rust-proptest-1.11.0
  (crate-source "proptest" "1.11.0"
                "0i27rr5drw4ic8hjzx6i1c6q8s7kmsgpfmzy4m80ys2c6k1gqiab"))

(define rust-quote-1.0.47
  (crate-source "quote" "1.0.47"
                "00ch0yyzvv6s671ik0kcsbw8nigdaj2g3fr61kcahwx48aqlvgqz"))

(define rust-r-efi-5.3.0
  (crate-source "r-efi" "5.3.0"
                "03sbfm3g7myvzyylff6qaxk4z6fy76yv860yy66jiswc2m6b7kb9"))

(define rust-r-efi-6.0.0
  (crate-source "r-efi" "6.0.0"
                "1gyrl2k5fyzj9k7kchg2n296z5881lg7070msabid09asp3wkp7q"))

(define rust-rand-0.9.5
  (crate-source "rand" "0.9.5"
                "0hbvllk8g28mqjld6hqmckk69w296qpzg95whm3didsyg46ivvxr"))

(define rust-rand-chacha-0.9.0
  (crate-source "rand_chacha" "0.9.0"
                "1jr5ygix7r60pz0s1cv3ms1f6pd1i9pcdmnxzzhjc3zn3mgjn0nk"))

(define rust-rand-core-0.9.5
  (crate-source "rand_core" "0.9.5"
                "0g6qc5r3f0hdmz9b11nripyp9qqrzb0xqk9piip8w8qlvqkcibvn"))

(define rust-rand-xorshift-0.4.0
  (crate-source "rand_xorshift" "0.4.0"
                "0njsn25pis742gb6b89cpq7jp48v9n23a9fvks10yczwks8n4fai"))

(define rust-regex-1.13.2
  (crate-source "regex" "1.13.2"
                "0mq8jm4w2by1xsxwh8s04xqqyamzj4bn0khvm99yf4lccc7ay1wq"))

(define rust-regex-automata-0.4.19
  (crate-source "regex-automata" "0.4.19"
                "0n0i8kyv1lbpvb1i6a5x7mrybaml5q8p680s19m50mzlgpq0xmj1"))

(define rust-regex-syntax-0.8.12
  (crate-source "regex-syntax" "0.8.12"
                "1xplhpgv7827jixdkhh17y899s8irsh5hwmrrb1y9898d9p080nr"))

(define rust-roff-1.1.1
  (crate-source "roff" "1.1.1"
                "12c1pibjxdjai80hpalxgqkzn30316x49iry4rdscrcn3mz42g1j"))

(define rust-rustix-1.1.6
  (crate-source "rustix" "1.1.6"
                "1ajqv2zxmfms30hhvp5bdzpixn5xqnz7s871vpa56h99wm16grz5"))

(define rust-rustversion-1.0.23
  (crate-source "rustversion" "1.0.23"
                "07z2a843fs80fawwflj9jwn49k9b0bd0dhhbvy0ar69vaxd72m6g"))

(define rust-same-file-1.0.6
  (crate-source "same-file" "1.0.6"
                "00h5j1w87dmhnvbv9l8bic3y7xxsnjmssvifw2ayvgx9mb1ivz4k"))

(define rust-serde-1.0.229
  (crate-source "serde" "1.0.229"
                "1fp04fq4a79bpm61xz1zy0pbz4kpc7d771zii1k3inmszq55jj21"))

(define rust-serde-core-1.0.229
  (crate-source "serde_core" "1.0.229"
                "0j1ajiha76h3nmd976il9li6975k121xa7jb39ws8n0yqp4s5p37"))

(define rust-serde-derive-1.0.229
  (crate-source "serde_derive" "1.0.229"
                "0j4k63i7h1bikxwz2c89ig0hrwbnl9mz1czn85xx99x5cc9dg9g7"))

(define rust-serde-json-1.0.154
  (crate-source "serde_json" "1.0.154"
                "1mjby21g8fxhrsfp73yz8wg6n2f4h23ah0nczds409l53f5wrsg7"))

(define rust-serde-spanned-1.1.3
  (crate-source "serde_spanned" "1.1.3"
                "10mpm2i41lx4jnp530fjk942myplsibbm302mx8cawcl6q57w64w"))

(define rust-sha2-0.11.0
  (crate-source "sha2" "0.11.0"
                "1x15x22c5yf54ac0np5bfqnq5x0hdw4wqzpi48zwn94ma0bsfss4"))

(define rust-shlex-2.0.1
  (crate-source "shlex" "2.0.1"
                "1fjsll1cd7d2bcpdij9kd6w62rpbc7qqzvydvs021vsmr1cxvypq"))

(define rust-signal-hook-0.3.18
  (crate-source "signal-hook" "0.3.18"
                "1qnnbq4g2vixfmlv28i1whkr0hikrf1bsc4xjy2aasj2yina30fq"))

(define rust-signal-hook-registry-1.4.8
  (crate-source "signal-hook-registry" "1.4.8"
                "06vc7pmnki6lmxar3z31gkyg9cw7py5x9g7px70gy2hil75nkny4"))

(define rust-slab-0.4.12
  (crate-source "slab" "0.4.12"
                "1xcwik6s6zbd3lf51kkrcicdq2j4c1fw0yjdai2apy9467i0sy8c"))

(define rust-strsim-0.11.1
  (crate-source "strsim" "0.11.1"
                "0kzvqlw8hxqb7y598w1s0hxlnmi84sg5vsipp3yg5na5d1rvba3x"))

(define rust-strum-0.27.2
  (crate-source "strum" "0.27.2"
                "1ksb9jssw4bg9kmv9nlgp2jqa4vnsa3y4q9zkppvl952q7vdc8xg"))

(define rust-strum-macros-0.27.2
  (crate-source "strum_macros" "0.27.2"
                "19xwikxma0yi70fxkcy1yxcv0ica8gf3jnh5gj936jza8lwcx5bn"))

(define rust-syn-2.0.119
  (crate-source "syn" "2.0.119"
                "15vjy620l91a3q4n4f4gzhnflmdr6pnm38v2m6cpk86i8av32a47"))

(define rust-syn-3.0.10
  (crate-source "syn" "3.0.10"
                "0ygaz8ccgap0vb0faifk1xv1p2sayg490r038fab1c57lfzcrsaa"))

(define rust-tar-0.4.46
  (crate-source "tar" "0.4.46"
                "0h68bc0y1nma3h2ypj28vxc84msjydlrj8rviqwphg00lvcj2qiz"))

(define rust-tempfile-3.27.0
  (crate-source "tempfile" "3.27.0"
                "1gblhnyfjsbg9wjg194n89wrzah7jy3yzgnyzhp56f3v9jd7wj9j"))

(define rust-terminal-size-0.4.4
  (crate-source "terminal_size" "0.4.4"
                "0x4839vhhpzacc42rqj2wjhivlhlggzz3890b0c5pmyb3j11n2i3"))

(define rust-thiserror-2.0.21
  (crate-source "thiserror" "2.0.21"
                "17hq1lh5dyr3bkc7zzjrbrp4qgkvhc48kgq1n5fdxkindaw2rr89"))

(define rust-thiserror-impl-2.0.21
  (crate-source "thiserror-impl" "2.0.21"
                "0945n8agp7kg6n6b35yyjb4g5xv2q22vrw15h6jj1nw76a99flgy"))

(define rust-time-0.3.45
  (crate-source "time" "0.3.45"
                "1gdag88agck220k6fxbgb7gsnr2r14n33sxzm5db9zfp6gy45r7r"))

(define rust-time-core-0.1.7
  (crate-source "time-core" "0.1.7"
                "1jilglvr6m6h2iidnvdp3zfahck9wa7kw64rslk79v1izncfwdlb"))

(define rust-time-macros-0.2.25
  (crate-source "time-macros" "0.2.25"
                "1pg3zrqyvjcy1nh470mdw7qxwwq6zmwq3f1dlp11mxlv4k8m5rbi"))

(define rust-tinytemplate-1.2.1
  (crate-source "tinytemplate" "1.2.1"
                "1g5n77cqkdh9hy75zdb01adxn45mkh9y40wdr7l68xpz35gnnkdy"))

(define rust-toml-0.9.12+spec-1.1.0
  (crate-source "toml" "0.9.12+spec-1.1.0"
                "0qwqbrymqn88mg2yqyq3rj52z6p20448z0jxdbpjsbpwg5g894ng"))

(define rust-toml-datetime-0.7.5+spec-1.1.0
  (crate-source "toml_datetime" "0.7.5+spec-1.1.0"
                "0iqkgvgsxmszpai53dbip7sf2igic39s4dby29dbqf1h9bnwzqcj"))

(define rust-toml-parser-1.1.5+spec-1.1.0
  (crate-source "toml_parser" "1.1.5+spec-1.1.0"
                "0k3lljyi4zxchdklaqghkwbl7wkd2ab1w16hlyniqzid0fl979ms"))

(define rust-toml-writer-1.2.0+spec-1.1.0
  (crate-source "toml_writer" "1.2.0+spec-1.1.0"
                "0fp14qh313y31pqddn2bhk01l7ygx70f9fxfhgpma77i01vvp780"))

(define rust-typenum-1.20.1
  (crate-source "typenum" "1.20.1"
                "086s9ly0906kw5yw41249fba97w5zfxf03pyfwdkffvcprqfixdn"))

(define rust-unarray-0.1.4
  (crate-source "unarray" "0.1.4"
                "154smf048k84prsdgh09nkm2n0w0336v84jd4zikyn6v6jrqbspa"))

(define rust-unicode-ident-1.0.27
  (crate-source "unicode-ident" "1.0.27"
                "0qv54hz0sxmspjyr162z3435pnyylzjjhx3j4k1s359pqgb59ix2"))

(define rust-unicode-width-0.2.3
  (crate-source "unicode-width" "0.2.3"
                "0mymrsdklcgys4fndds2h2hasij36gyalcqy4nghb4k9hxqq8wfa"))

(define rust-unicode-xid-0.2.6
  (crate-source "unicode-xid" "0.2.6"
                "0lzqaky89fq0bcrh6jj6bhlz37scfd8c7dsj5dq7y32if56c1hgb"))

(define rust-unit-prefix-0.5.2
  (crate-source "unit-prefix" "0.5.2"
                "18xr6yhdvlxrv51y6js9npa3qhkzc5b1z4skr5kfzn7kkd449rc1"))

(define rust-utf8parse-0.2.2
  (crate-source "utf8parse" "0.2.2"
                "088807qwjq46azicqwbhlmzwrbkz7l4hpw43sdkdyyk524vdxaq6"))

(define rust-walkdir-2.5.0
  (crate-source "walkdir" "2.5.0"
                "0jsy7a710qv8gld5957ybrnc07gavppp963gs32xk4ag8130jy99"))

(define rust-wasip2-1.0.1+wasi-0.2.4
  (crate-source "wasip2" "1.0.1+wasi-0.2.4"
                "1rsqmpspwy0zja82xx7kbkbg9fv34a4a2if3sbd76dy64a244qh5"))

(define rust-wasm-bindgen-0.2.130
  (crate-source "wasm-bindgen" "0.2.130"
                "071xi9mqha1vdrxsjgndjgcf0azkl8g5yahkn2qbiiynvla1q650"))

(define rust-wasm-bindgen-macro-0.2.130
  (crate-source "wasm-bindgen-macro" "0.2.130"
                "1ncfybmdiczbsjz8a257a13k8n7dnl15khvgjrkbzgcslc11m4vf"))

(define rust-wasm-bindgen-macro-support-0.2.130
  (crate-source "wasm-bindgen-macro-support" "0.2.130"
                "0fm58fh6gkhlmi15rhzvcgz35x5s6kkvi9ik3s1vsmg4h11bb91c"))

(define rust-wasm-bindgen-shared-0.2.130
  (crate-source "wasm-bindgen-shared" "0.2.130"
                "17iq85zyk1z7hq533c0apj5ix0y0ks35fbszxv31cl3jk0vrq7rv"))

(define rust-web-time-1.1.0
  (crate-source "web-time" "1.1.0"
                "1fx05yqx83dhx628wb70fyy10yjfq1jpl20qfqhdkymi13rq0ras"))

(define rust-winapi-util-0.1.11
  (crate-source "winapi-util" "0.1.11"
                "08hdl7mkll7pz8whg869h58c1r9y7in0w0pk8fm24qc77k0b39y2"))

(define rust-windows-link-0.2.1
  (crate-source "windows-link" "0.2.1"
                "1rag186yfr3xx7piv5rg8b6im2dwcf8zldiflvb22xbzwli5507h"))

(define rust-windows-sys-0.61.2
  (crate-source "windows-sys" "0.61.2"
                "1z7k3y9b6b5h52kid57lvmvm05362zv1v8w0gc7xyv5xphlp44xf"))

(define rust-winnow-0.7.15
  (crate-source "winnow" "0.7.15"
                "0i9rkl2rqpbnnxlgs20gmkj3nd0b2k8q55mjmpc2ybb84xwxjyfz"))

(define rust-winnow-1.0.5
  (crate-source "winnow" "1.0.5"
                "1vvs4zmisyxxp1igpjpi87z26d6wl3q98shcvx68gazhklcr6fwc"))

(define rust-wit-bindgen-0.46.0
  (crate-source "wit-bindgen" "0.46.0"
                "0ngysw50gp2wrrfxbwgp6dhw1g6sckknsn3wm7l00vaf7n48aypi"))

(define rust-xattr-1.7.0
  (crate-source "xattr" "1.7.0"
                "025fcy35jwf5bgm7305wj3jpa99wfk591gf83nblnl6mjamnygcn"))

(define rust-zerocopy-0.8.63
  (crate-source "zerocopy" "0.8.63"
                "1n1fm40mq4adw83hvn56j6rhnph0lldccx11jq01l6863f7izzp5"))

(define rust-zerocopy-derive-0.8.63
  (crate-source "zerocopy-derive" "0.8.63"
                "0zqc4g3yf378dkbsr68h1jjx3n0d4k4zvnxf83bv8gr9hfnd6fl6"))

(define rust-zlib-rs-0.6.8
  (crate-source "zlib-rs" "0.6.8"
                "04j158293bx73kv5pj1i89ai411q7fxc9zwk3wkpqgb9gj7fas5j"))

(define rust-zmij-1.0.23
  (crate-source "zmij" "1.0.23"
                "06zwri21nnrl34rwinmvbciap8yk1mrl8qfg9pff7lgspc56sri9"))

(define rust-zstd-safe-8.3.0
  (crate-source "zstd-safe" "8.3.0"
                "038llicyixsf3s1hdhpvyijfbvg38r7w1kp90k0zrhkn4p6ak7js"))

(define rust-zstd-sys-2.1.3+zstd.1.5.7
  (crate-source "zstd-sys" "2.1.3+zstd.1.5.7"
                "0b85q1bjkibbnf2v05mh58kd0ys0w6vqvb4pv7cqyhjp09ns0agp"))

(define-cargo-inputs lookup-cargo-inputs
                     (guix-docker =>
                                  (list rust-aho-corasick-1.1.5
                                   rust-anes-0.1.6
                                   rust-anstream-1.0.0
                                   rust-anstyle-1.0.14
                                   rust-anstyle-parse-1.0.0
                                   rust-anstyle-query-1.1.5
                                   rust-anstyle-wincon-3.0.11
                                   rust-autocfg-1.5.1
                                   rust-bitflags-2.13.2
                                   rust-block-buffer-0.12.1
                                   rust-bumpalo-3.20.4
                                   rust-cast-0.3.0
                                   rust-cbindgen-0.29.4
                                   rust-cc-1.11.3
                                   rust-cfg-if-1.0.5
                                   rust-ciborium-0.2.2
                                   rust-ciborium-io-0.2.2
                                   rust-ciborium-ll-0.2.2
                                   rust-clap-4.6.9
                                   rust-clap-builder-4.6.7
                                   rust-clap-complete-4.6.11
                                   rust-clap-derive-4.6.9
                                   rust-clap-lex-1.1.2
                                   rust-clap-mangen-0.2.33
                                   rust-colorchoice-1.0.5
                                   rust-console-0.16.6
                                   rust-const-oid-0.10.3
                                   rust-const-format-0.2.37
                                   rust-const-format-proc-macros-0.2.37
                                   rust-cpufeatures-0.3.1
                                   rust-crc32fast-1.5.5
                                   rust-criterion-0.7.0
                                   rust-criterion-plot-0.6.0
                                   rust-crunchy-0.2.4
                                   rust-crypto-common-0.2.2
                                   rust-darling-0.20.11
                                   rust-darling-core-0.20.11
                                   rust-darling-macro-0.20.11
                                   rust-deranged-0.5.9
                                   rust-derive-builder-0.20.2
                                   rust-derive-builder-core-0.20.2
                                   rust-derive-builder-macro-0.20.2
                                   rust-digest-0.11.3
                                   rust-either-1.19.0
                                   rust-encode-unicode-1.0.0
                                   rust-equivalent-1.0.3
                                   rust-errno-0.3.15
                                   rust-fastrand-2.5.0
                                   rust-filetime-0.2.29
                                   rust-find-msvc-tools-0.1.15
                                   rust-flate2-1.1.11
                                   rust-fnv-1.0.7
                                   rust-foldhash-0.2.0
                                   rust-futures-core-0.3.34
                                   rust-futures-task-0.3.34
                                   rust-futures-util-0.3.34
                                   rust-getrandom-0.3.4
                                   rust-getrandom-0.4.3
                                   rust-getset-0.1.7
                                   rust-half-2.7.1
                                   rust-hashbrown-0.17.1
                                   rust-heck-0.5.0
                                   rust-hybrid-array-0.4.15
                                   rust-ident-case-1.0.1
                                   rust-indexmap-2.14.2
                                   rust-indicatif-0.18.6
                                   rust-is-terminal-polyfill-1.70.2
                                   rust-itertools-0.13.0
                                   rust-itoa-1.0.19
                                   rust-jobserver-0.1.35
                                   rust-js-sys-0.3.107
                                   rust-konst-0.2.20
                                   rust-konst-macro-rules-0.2.19
                                   rust-libc-0.2.191
                                   rust-libdeflate-sys-1.26.1
                                   rust-libdeflater-1.26.1
                                   rust-linux-raw-sys-0.12.1
                                   rust-log-0.4.35
                                   rust-memchr-2.8.3
                                   rust-num-conv-0.1.0
                                   rust-num-traits-0.2.19
                                   rust-oci-spec-0.10.0
                                   rust-once-cell-1.21.4
                                   rust-once-cell-polyfill-1.70.2
                                   rust-oorandom-11.1.5
                                   rust-pin-project-lite-0.2.18
                                   rust-pkg-config-0.3.34
                                   rust-portable-atomic-1.15.0
                                   rust-powerfmt-0.2.1
                                   rust-ppv-lite86-0.2.21
                                   rust-proc-macro2-1.0.107
                                   rust-proptest-1.11.0
                                   rust-quote-1.0.47
                                   rust-r-efi-5.3.0
                                   rust-r-efi-6.0.0
                                   rust-rand-0.9.5
                                   rust-rand-chacha-0.9.0
                                   rust-rand-core-0.9.5
                                   rust-rand-xorshift-0.4.0
                                   rust-regex-1.13.2
                                   rust-regex-automata-0.4.19
                                   rust-regex-syntax-0.8.12
                                   rust-roff-1.1.1
                                   rust-rustix-1.1.6
                                   rust-rustversion-1.0.23
                                   rust-same-file-1.0.6
                                   rust-serde-1.0.229
                                   rust-serde-core-1.0.229
                                   rust-serde-derive-1.0.229
                                   rust-serde-json-1.0.154
                                   rust-serde-spanned-1.1.3
                                   rust-sha2-0.11.0
                                   rust-shlex-2.0.1
                                   rust-signal-hook-0.3.18
                                   rust-signal-hook-registry-1.4.8
                                   rust-slab-0.4.12
                                   rust-strsim-0.11.1
                                   rust-strum-0.27.2
                                   rust-strum-macros-0.27.2
                                   rust-syn-2.0.119
                                   rust-syn-3.0.10
                                   rust-tar-0.4.46
                                   rust-tempfile-3.27.0
                                   rust-terminal-size-0.4.4
                                   rust-thiserror-2.0.21
                                   rust-thiserror-impl-2.0.21
                                   rust-time-0.3.45
                                   rust-time-core-0.1.7
                                   rust-time-macros-0.2.25
                                   rust-tinytemplate-1.2.1
                                   rust-toml-0.9.12+spec-1.1.0
                                   rust-toml-datetime-0.7.5+spec-1.1.0
                                   rust-toml-parser-1.1.5+spec-1.1.0
                                   rust-toml-writer-1.2.0+spec-1.1.0
                                   rust-typenum-1.20.1
                                   rust-unarray-0.1.4
                                   rust-unicode-ident-1.0.27
                                   rust-unicode-width-0.2.3
                                   rust-unicode-xid-0.2.6
                                   rust-unit-prefix-0.5.2
                                   rust-utf8parse-0.2.2
                                   rust-walkdir-2.5.0
                                   rust-wasip2-1.0.1+wasi-0.2.4
                                   rust-wasm-bindgen-0.2.130
                                   rust-wasm-bindgen-macro-0.2.130
                                   rust-wasm-bindgen-macro-support-0.2.130
                                   rust-wasm-bindgen-shared-0.2.130
                                   rust-web-time-1.1.0
                                   rust-winapi-util-0.1.11
                                   rust-windows-link-0.2.1
                                   rust-windows-sys-0.61.2
                                   rust-winnow-0.7.15
                                   rust-winnow-1.0.5
                                   rust-wit-bindgen-0.46.0
                                   rust-xattr-1.7.0
                                   rust-zerocopy-0.8.63
                                   rust-zerocopy-derive-0.8.63
                                   rust-zlib-rs-0.6.8
                                   rust-zmij-1.0.23
                                   rust-zstd-safe-8.3.0
                                   rust-zstd-sys-2.1.3+zstd.1.5.7)))

;;; crates.scm ends here
