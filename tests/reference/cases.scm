;;; SPDX-License-Identifier: GPL-3.0-or-later
;;; -*- coding: utf-8 -*-
;;;
;;; The cases of the comparison, shared by both sides.  Only data: what is
;;; done with them is in build.scm and compare.py.

(define-module (cases)
  #:use-module (srfi srfi-1)
  #:export (cases promises))

(define (store . names)
  "The file names of the store items called NAMES, as make-tree makes them."
  (map (lambda (name) (string-append "/gnu/store/" name)) names))

(define (numbered prefix from to)
  (map (lambda (i)
         (string-append prefix (string-pad (number->string i) 3 #\0)))
       (iota (- to from -1) from)))

(define some '((directory "/x")))       ;a layered image of 1.5.0 needs extra files
(define sizes (store "size-2" "size-5" "size-1" "size-6" "size-3" "size-4"))
(define 150-items (apply store (numbered "item-" 1 150)))
(define database "/gnu/database/db.sqlite")

(define (dots n)
  "An N-byte name of /gnu/store/plain."
  (let* ((left  (- n (string-length "/gnu/store/plain")))
         (pairs (string-concatenate (make-list (quotient left 2) "./"))))
    (string-append "/gnu/store/" (if (odd? left) "/" "") pairs "plain")))

(define* (layouts name paths #:rest keywords)
  "The same arguments in both layouts."
  `((,(string-append name ", single") ,paths ,@keywords)
    (,(string-append name ", layered") ,paths
     ,@(if (or (memq #:extra-files keywords) (memq #:database keywords)
               (memq #:root-system keywords))
           '()
           `(#:extra-files ,some))
     #:max-layers 8 ,@keywords)))

(define (transformed name transformations . paths)
  `(,(string-append "transformations: " name)
    ,(apply store paths) #:transformations ,transformations))

(define (directives name . directives)
  `(,(string-append "directives: " name) () #:extra-files ,directives))

(define (repository name)
  `(,(format #f "repository ~s" (if (> (string-length name) 40)
                                    (string-append (string-take name 20) "...")
                                    name))
    () #:extra-files ,some #:repository ,name))

;; (NAME PATHS KEYWORD VALUE ...): what the reference writes is right.
;; #:prefix stands for the third positional argument.
(define cases
  `( ;; Every kind of file, in both layouts.
    ,@(append-map
       (lambda (item) (layouts (string-append "item " item) (store item)))
       '("plain" "sizes" "names" "targets" "bytes" "order" "many" "a-file"
         "a-program" "a-link" "a-dangling-link" "a-link-to-a-file"
         "an-empty-file" "an-empty-directory" "modes" "unreadable" "nodes"
         "a-fifo" "a-socket" "hard" "élan-日本" "plain/" "a-link/" "a-file/"))
    ,@(layouts "an item name of 255 bytes" (store (make-string 255 #\i)))
    ,@(layouts "hard links across paths" (store "hard" "hard-too"))
    ,@(layouts "a profile and its closure" (store "plain" "profile"))
    ("a path inside another, layered" ,(store "plain" "plain/bin")
     #:max-layers 8 #:extra-files ,some)
    ,@(layouts "slashes and dots in paths"
               '("//gnu//store//plain" "/gnu/./store/./a-file"
                 "/gnu/store/t/." "/gnu/store/sizes///"))
    ,@(layouts "paths outside the store" '("/gnu/root/usr" "/gnu/root/etc"))

    ;; How many paths, how many layers.
    ("no path, single" () #:extra-files ,some)
    ("one path, single" ,(store "plain"))
    ("two paths, single" ,(store "plain" "a-file"))
    ("150 paths, single" ,150-items)
    ("one path, 2 layers" ,(store "plain") #:max-layers 2 #:extra-files ,some)
    ("two paths, 2 layers" ,(store "a-file" "plain") #:max-layers 2
     #:extra-files ,some)
    ("two paths, 3 layers" ,(store "a-file" "plain") #:max-layers 3
     #:extra-files ,some)
    ("150 paths, 2 layers" ,150-items #:max-layers 2 #:extra-files ,some)
    ("150 paths, 100 layers" ,150-items #:max-layers 100 #:extra-files ,some)
    ("50 paths, 1000 layers" ,(take 150-items 50) #:max-layers 1000
     #:extra-files ,some)
    ,@(map (lambda (layers)
             `(,(format #f "six paths, ~a layers" layers) ,sizes
               #:max-layers ,layers #:extra-files ,some))
           '(2 3 5 6 7 100))
    ("equal sizes keep their order" ,(store "equal-2" "equal-3" "equal-1")
     #:max-layers 100 #:extra-files ,some)

    ;; Transformations.
    ,(transformed "a directory to nothing" '(("/gnu/store/t" -> "")) "t")
    ,(transformed "a directory to /" '(("/gnu/store/t" -> "/")) "t")
    ,(transformed "a directory to nothing, in the middle"
                  '(("/gnu/store/plain" -> "")) "a-file" "plain" "a-link")
    ,(transformed "several directories to nothing"
                  '(("/gnu/store/names" -> "") ("/gnu/store/t" -> "")
                    ("/gnu/store/plain" -> ""))
                  "t" "names" "plain")
    ,(transformed "the store to nothing" '(("/gnu/store" -> "")) "t" "a-file")
    ,(transformed "to another prefix" '(("/gnu/store" -> "/opt/things"))
                  "t" "plain" "a-link")
    ,(transformed "without leading slashes" '(("gnu/store" -> "opt")) "t")
    ,(transformed "many leading slashes" '(("///gnu/store" -> "///opt")) "t")
    ,(transformed "NEW ends in a slash" '(("/gnu/store/t" -> "/x/")) "t")
    ,(transformed "NEW ends in slashes" '(("/gnu/store/t" -> "/x//")) "t")
    ,(transformed "OLD ends in a slash" '(("/gnu/store/t/" -> "/x/")) "t" "tx")
    ,(transformed "OLD ends in a slash, to nothing"
                  '(("/gnu/store/" -> "")) "t" "a-file")
    ,(transformed "not at a component's end" '(("/gnu/store/t" -> "/Q"))
                  "t" "tx" "t.x")
    ,(transformed "inside a component" '(("/gnu/store/pl" -> "")) "plain")
    ,(transformed "one after the other"
                  '(("/gnu/store/t" -> "/a/b") ("/a" -> "/z") ("z/b/" -> "y/"))
                  "t" "tx")
    ,(transformed "the first wins" '(("/gnu" -> "/1") ("/gnu/store" -> "/2"))
                  "t")
    ,(transformed "OLD is empty" '(("" -> "/pre/")) "t")
    ,(transformed "what has become empty stays so"
                  '(("/gnu/store/t" -> "") ("" -> "/pre")) "t" "a-file")
    ,(transformed "OLD is a slash" '(("/" -> "/pre/")) "t")
    ,(transformed "both are empty" '(("" -> "")) "t")
    ,(transformed "nothing matches" '(("/nope" -> "/x")) "t")
    ,(transformed "OLD only inside a name" '(("/store/t" -> "/x")) "t")
    ,(transformed "special characters in OLD"
                  '(("/gnu/store/t-[e]*.^$&" -> "/ok")) "t-[e]*.^$&" "t")
    ,(transformed "more special characters in OLD"
                  '(("/gnu/store/t+(b)?{1}|c" -> "/ok")) "t+(b)?{1}|c" "t")
    ,(transformed "a star in OLD" '(("/gnu/store/e*t" -> "/ok")) "e*t" "et")
    ,(transformed "a dot in OLD" '(("/gnu/store/t." -> "/ok")) "t.x" "tx")
    ,(transformed "a newline in OLD" '(("/gnu/store/t\nline" -> "/ok"))
                  "t\nline")
    ,(transformed "a backslash in OLD" '(("/gnu/store/bytes/back\\" -> "/ok"))
                  "bytes")
    ,(transformed "names that are not UTF-8"
                  '(("/gnu/store/bytes/" -> "/é/")) "bytes")
    ,(transformed "slash, backslash, semicolon, comma, %, newline, é in NEW"
                  '(("/gnu/store/t" -> "/a/b\\c;d,e%f\ng é\\1\\U")) "t")
    ,(transformed "a file's name ends in a slash"
                  '(("/gnu/store/a-file" -> "/x/")) "a-file" "a-link")
    ,(transformed "names become short" '(("/gnu/store/names" -> "n")) "names")
    ,(transformed "names become long"
                  `(("/gnu/store" -> ,(make-string 90 #\n))) "names" "plain")
    ,(transformed "link targets stay" '(("/gnu/store" -> "/s")) "profile" "t")
    ("transformations: extra files and database"
     ,(store "t") #:database ,database
     #:extra-files ((directory "/gnu/store/k") (file "/gnu/store/z" "hi")
                    ("/l" -> "/gnu/store/t"))
     #:transformations (("/gnu/store" -> "/s") ("/var/guix" -> "/srv")))

    ;; The root system.
    ("root system, single" () #:root-system "/gnu/root")
    ("root system, layered" ,(store "plain" "a-file") #:max-layers 5
     #:root-system "/gnu/root")
    ("root system with a trailing slash, single" ()
     #:root-system "/gnu/root/")
    ("root system in the place of all else, single"
     ,(store "plain" "a-file") #:root-system "/gnu/root"
     #:database ,database #:extra-files ,some)
    ("root system, extra files and database, layered"
     ,(store "plain") #:root-system "/gnu/root" #:max-layers 3
     #:database ,database #:extra-files ,some)
    ("root system of one file, single" () #:root-system "/gnu/root-one")
    ("root system transformed, single" () #:root-system "/gnu/root"
     #:transformations (("usr" -> "system/usr") ("etc" -> "")))
    ("root system and gzip, layered" ,(store "plain") #:max-layers 5
     #:root-system "/gnu/root" #:compressor ("/usr/bin/gzip" "-9n"))

    ;; The database.
    ,@(layouts "database" (store "plain" "profile")
               #:database database #:prefix "/gnu/store/profile")
    ("database alone, single" () #:database ,database)
    ,@(layouts "database and extra files" (store "plain") #:database database
               #:extra-files '((directory "/var/guix" 0 0 #o700)
                               (directory "/var/guix/profiles/per-user/me")
                               (file "/var/log" "")
                               (directory "/tmp" 0 0 #o1777)))

    ;; Directives.
    ,@(layouts "all forms of directives" (store "plain")
               #:extra-files
               '((directory "/tmp" 0 0 #o1777)
                 (directory "/home/me" 1000 1000)
                 (directory "/gnu/store" 0 0 #o755)
                 (file "/etc-release")
                 (directory "/etc")
                 (file "/etc/motd" "Hello, wörld! 日本\n")
                 ("/bin" -> "/gnu/store/plain/bin")
                 ("/etc/release" -> "../etc-release")))
    ,(directives "modes"
                 '(directory "/a" 0 0 #o1777) '(directory "/b" 0 0 #o700)
                 '(directory "/c" 5 6 #o4711) '(directory "/d" 0 0 #o2755)
                 '(directory "/e" 0 0 #o555) '(directory "/f" 0 0 #o7777)
                 '(directory "/g" 0 0 0))
    ,(directives "nested directories" '(directory "/a/b/c/d")
                 '(directory "/a/b" 0 0 #o700) '(directory "e/f")
                 '(directory "///g//h/"))
    ,(directives "repeated directories" '(directory "/a" 0 0 #o500)
                 '(directory "/a/b") '(directory "/a") '(directory "/a" 0 0))
    ,(directives "a mode given twice" '(directory "/a" 0 0 #o700)
                 '(directory "/a" 0 0 #o755))
    ,(directives "a directory where a file is" '(file "/a" "1")
                 '(directory "/a"))
    ,(directives "a mode for what is a file" '(file "/a" "1")
                 '(directory "/a" 0 0 #o4750) '(file "/a" "22"))
    ,(directives "the root itself" '(directory "/") '(directory ".")
                 '(directory "") '(directory "/" 0 0) '(directory "/x"))
    ,(directives "dots in names" '(directory "/a/./b") '(file "./c" "c")
                 '(file "/a/./d" "d"))
    ,(directives "order" '(directory "/b") '(directory "/B")
                 '(directory "/a-b") '(directory "/a/b") '(file "/a.b")
                 '(directory "/é") '(directory "/~") '(directory "/.hid")
                 '(file "/a/z") '(file "/a/Z") '(file "/a/.y"))
    ,(directives "a file without content" '(file "/a"))
    ,(directives "an empty content" '(file "/a" ""))
    ,(directives "content beyond ASCII"
                 '(file "/a" "é日本😀\x7f\x80\xa0\n"))
    ,(directives "content with control characters"
                 '(file "/a" "\x00\x01\r\n\t\x1b\n\n"))
    ,(directives "contents around a block"
                 `(file "/511" ,(make-string 511 #\a))
                 `(file "/512" ,(make-string 512 #\b))
                 `(file "/513" ,(make-string 513 #\c))
                 `(file "/100000" ,(make-string 100000 #\d)))
    ,(directives "a file written twice" '(file "/a" "long content")
                 '(file "/a" "short"))
    ,(directives "a file through a link" '(file "/a" "1") '("/b" -> "a")
                 '(file "/b" "22"))
    ,(directives "a directory through a link" '(directory "/lib")
                 '("/lib64" -> "lib") '(directory "/lib64/x")
                 '(file "/lib64/y" "y") '(directory "/lib64" 0 0 #o700))
    ,(directives "a link through a link" '(directory "/usr/bin")
                 '("/bin" -> "usr/bin") '(file "/bin/sh" "")
                 '("/bin/bash" -> "sh"))
    ,(directives "a link replaced by a later link" '(file "/a") '(file "/b")
                 '("/l" -> "a") '("/l" -> "b"))
    ,(directives "a file replaced by a link" '(file "/a" "a") '(file "/l" "l")
                 '("/l" -> "a"))
    ,(directives "links" '(directory "/d/e") '(file "/d/f" "f")
                 '("/d/e/up" -> "../f") '("/d/same" -> "f")
                 '("/d/dir" -> "e") '("/here" -> ".")
                 '("/abs" -> "/gnu/store/plain") '("/root" -> "/")
                 '("/slash" -> "d/") '("rel" -> "d/f"))
    ,(directives "a link to a link" '(file "/a") '("/b" -> "a")
                 '("/c" -> "b"))
    ,(directives "long link targets"
                 `("/99" -> ,(dots 99)) `("/100" -> ,(dots 100))
                 `("/101" -> ,(dots 101)) `("/1000" -> ,(dots 1000))
                 `("/4000" -> ,(dots 4000)))
    ,(directives "long names"
                 `(file ,(make-string 99 #\a)) `(file ,(make-string 100 #\b))
                 `(file ,(make-string 101 #\c)) `(file ,(make-string 255 #\d))
                 `(directory ,(make-string 98 #\e))
                 `(directory ,(make-string 99 #\f))
                 `(directory ,(make-string 100 #\g))
                 `(directory ,(string-append (make-string 200 #\h) "/"
                                             (make-string 54 #\i)))
                 `(,(make-string 101 #\l) -> ,(dots 101)))
    ,(directives "names beyond ASCII" '(directory "/é/日本")
                 '(file "/é/ü" "ß") '("/😀" -> "é"))
    ,(directives "unusual names" '(file "/a b") '(file "/a\"b")
                 '(file "/a*b") '(file "/a:b") '(file "/x-y")
                 '(directory "/n") '(file "/n/-rf") '(file "/n/a\\nb")
                 '(file "/n/new\nline"))
    ("directives: parents of the paths" ,(store "plain")
     #:extra-files ((directory "/gnu/store" 0 0 #o1775)))

    ;; Repository names.
    ,@(map repository
           `("guix" "Upper-CASE" "some/where/else" "with space" "..dots"
             "--dashes" "a" "" "." "--" "A" "İstanbul" "\u212a" "a\nb" "a:b@c"
             "a__b" "a--b" "a---------b" "a.b_c__d-e" ,(make-string 237 #\a)
             ,(string-append "--" (make-string 237 #\B))
             ,(string-append (make-string 235 #\a) "-b")))
    ("repository, layered" ,(store "plain") #:max-layers 9
     #:extra-files ,some #:repository "Some/Name")

    ;; Environment and entry point.
    ,@(layouts "environment" (store "plain")
               #:environment '(("PATH" . "/bin:/usr/bin") ("EMPTY" . "")
                               ("EQUALS" . "a=b=c=") ("é" . "ü日本😀")
                               ("QUOTES" . "\"'\\ \\n /")
                               ("PATH" . "/bin:/usr/bin")
                               ("LINES" . "a\nb\tc\rd\be\ff")
                               ("RARE" . "\x7f\x80\u2028\ufeff")))
    ("environment, none" () #:extra-files ,some #:environment ())
    ,@(layouts "entry point" (store "plain")
               #:entry-point '("/bin/sh" "-c" "echo \"é\" \\ \n"))
    ("entry point, no word" () #:extra-files ,some #:entry-point ())
    ("entry point, an empty word" () #:extra-files ,some #:entry-point (""))
    ("entry point, false" () #:extra-files ,some #:entry-point #f)

    ;; Systems.
    ,@(map (lambda (system)
             `(,(string-append "system " system) () #:extra-files ,some
               #:system ,system))
           '("x86_64-linux" "i686-linux" "armhf-linux" "arm-linux-gnueabihf"
             "aarch64-linux-gnu" "mips64el-linux" "powerpc64le-linux"
             "riscv64-linux" "s390x-linux-gnu" "x86_64" "arm"))
    ("this machine's system" () #:extra-files ,some #:system default)
    ("system, layered" ,(store "plain") #:max-layers 3 #:extra-files ,some
     #:system "riscv64-linux")

    ;; Creation times.
    ,@(map (lambda (time)
             `(,(format #f "creation time ~a" time) () #:extra-files ,some
               #:creation-time ,time))
           '(-62167219200 -1 0 1 59 86399 951782400 1700000000 4102444800 253402300799))
    ("creation time, layered" ,(store "plain") #:max-layers 3
     #:extra-files ,some #:creation-time 1700000000)

    ;; Prefixes: only their SHA-256 is in the image.
    ,@(map (lambda (prefix)
             `(,(format #f "prefix ~s" prefix) ,(store "plain")
               #:prefix ,prefix))
           '("/gnu/store/profile" "/" "os" "/gnu/store/élan-日本" "a b\n"))
    ("prefix, layered" ,(store "plain") #:max-layers 3 #:extra-files ,some
     #:prefix "os")

    ;; Compressors.
    ("compressor, none" ,(store "plain") #:compressor #f)
    ,@(layouts "compressor gzip -9n" (store "plain" "sizes")
               #:compressor '("/usr/bin/gzip" "-9n"))
    ,@(layouts "compressor gzip" (store "plain") #:compressor '("gzip"))
    ("compressor gzip --fast" ,(store "plain")
     #:compressor ("gzip" "--fast" "--no-name"))
    ("compressor xz" ,(store "plain") #:compressor ("/usr/bin/xz" "-e" "-1"))
    ("compressor zstd" ,(store "plain") #:compressor ("/usr/bin/zstd" "-q" "-3"))
    ("compressor bzip2" ,(store "plain") #:compressor ("bzip2" "-1"))
    ("compressor lzip" ,(store "plain") #:compressor ("lzip" "-1"))))

;; (NAME REFERENCE PROMISE PATHS KEYWORD VALUE ...): what the reference does
;; is not what its documentation promises, or not to be followed.  REFERENCE
;; is `fails' or `differs', checked as well, so that this table stays true.
;; PROMISE is one of
;;   (error REGEXP)                      a condition with this message
;;   (same PATHS KEYWORD VALUE ...)      the reference's image for these
;;   (members (NAME ...) ...)            for each layer, its members
;;   (merged)                            the reference's layers, but with
;;                                       members of one name made one
;;   (config REGEXP)                     the reference's image, but for a
;;                                       config.json that matches
(define promises
  `( ;; Compressors in layered images: 1.5.0 copies image.tar.gz.
    ,@(map (lambda (command)
             `(,(string-append "layered, " (car command)) fails
               (same ,(store "plain" "t") #:max-layers 4 #:extra-files ,some)
               ,(store "plain" "t") #:max-layers 4 #:extra-files ,some
               #:compressor ,command))
           '(("xz" "-1") ("zstd" "-q" "-3") ("lzip" "-1") ("bzip2" "-1")))

    ;; Numbers of layers.
    ,@(map (lambda (layers)
             `(,(format #f "max-layers ~a" layers) fails (error "max-layers")
               ,(store "plain" "t") #:max-layers ,layers #:extra-files ,some))
           '(1 0 -1))
    ("layered, no extra files" fails
     (members ("gnu/store/size-2/" "gnu/store/size-2/f")
              ("gnu/store/size-1/" "gnu/store/size-1/f")
              ())
     ,(store "size-1" "size-2") #:max-layers 5)
    ("layered, no path" fails
     (members ("x/"))
     () #:max-layers 5 #:extra-files ,some)
    ("single, nothing at all" fails
     (members ())
     ())
    ("layered, duplicate paths" fails
     (members ("gnu/store/size-2/" "gnu/store/size-2/f")
              ("gnu/store/size-2/" "gnu/store/size-2/f")
              ("gnu/store/a-file")
              ("x/"))
     ,(store "size-2" "a-file" "size-2") #:max-layers 9 #:extra-files ,some)
    ("layered, transformations" differs
     (members ("s/t/" "s/t/f" "s/t/l" "s/t/sub/" "s/t/sub/g")
              ("s/a-file")
              ("gnu/" "s/" "s/k/"))
     ,(store "a-file" "t") #:max-layers 9
     #:extra-files ((directory "/gnu/store/k"))
     #:transformations (("/gnu/store" -> "/s")))
    ("layered, transformed to nothing" differs
     (members ("f" "l" "sub/" "sub/g")
              ("gnu/store/a-file")
              ("x/"))
     ,(store "a-file" "t") #:max-layers 9 #:extra-files ,some
     #:transformations (("/gnu/store/t" -> "")))

    ;; Directories count 4096 bytes; /gnu/small is on a file system where
    ;; they count less.
    ("layers sorted with 4096 bytes a directory" differs
     (members ("gnu/small/directories/" "gnu/small/directories/1/"
               "gnu/small/directories/2/")
              ("gnu/small/file/" "gnu/small/file/f")
              ("gnu/small/link")
              ("x/"))
     ("/gnu/small/link" "/gnu/small/file" "/gnu/small/directories")
     #:max-layers 9 #:extra-files ,some)

    ;; Entries whose name becomes empty.
    ("a file's name becomes empty" differs
     (members ("gnu/store/a-link"))
     ,(store "a-file" "a-link")
     #:transformations (("/gnu/store/a-file" -> "")))
    ("a link's name becomes empty" differs
     (members ("gnu/store/a-file"))
     ,(store "a-link" "a-file")
     #:transformations (("/gnu/store/a-link" -> "")))

    ;; Characters that the reference quotes for a regular expression where
    ;; tar reads a replacement.
    ("NEW with a dot" differs
     (members ("A.B/" "A.B/f" "A.B/l" "A.B/sub/" "A.B/sub/g"))
     ,(store "t") #:transformations (("/gnu/store/t" -> "/A.B")))
    ("NEW with special characters" differs
     (members ("a*b^c$d[e]" "other&"))
     ,(store "a-file" "an-empty-file")
     #:transformations (("/gnu/store/a-file" -> "/a*b^c$d[e]")
                        ("/gnu/store/an-empty-file" -> "/other&")))

    ;; Names that the reference gives to tar as arguments.
    ("a top-level name with a backslash" fails
     (members ("a\\nb"))
     () #:extra-files ((file "/a\\nb")))
    ("a top-level name that looks like an option" fails
     (members ("-rf" "x/"))
     () #:extra-files ((file "/-rf") (directory "/x")))

    ;; Names that engines refuse.
    ,@(map (lambda (names)
             (let ((name (car names))
                   (better (cdr names)))
               `(,(format #f "repository ~s of ~a characters"
                          (string-take name (min 20 (string-length name)))
                          (string-length name))
                 differs
                 (same () #:extra-files ,some #:repository ,better)
                 () #:extra-files ,some #:repository ,name)))
           `(("_under_" . "under") ("trailing-.-" . "trailing")
             ("-_.a._-" . "a") ("é" . "a") ("ßß" . "aa") ("日本語" . "aa")
             ("日本-x" . "x") ("gtk+" . "gtk") ("c++" . "c")
             ("libstdc++-doc" . "libstdc-doc") ("hello-" . "hello")
             ("a___b" . "a__b") ("a..b" . "a.b") ("a-_b" . "a-b")
             ("a٣１߀.b" . "a.b")
             (,(make-string 238 #\a) . ,(make-string 237 #\a))
             (,(make-string 255 #\B) . ,(make-string 237 #\b))
             (,(make-string 300 #\a) . ,(make-string 237 #\a))
             (,(string-append (make-string 236 #\a) "-b")
              . ,(make-string 236 #\a))))

    ;; Names that a layer of the reference has twice: engines refuse it.
    ("hard links across paths, one inside another" differs (merged)
     ,(store "hard" "hard-too" "hard/2"))
    ("a path inside another, single" differs (merged)
     ,(store "plain" "plain/bin"))
    ("a path inside another, the other way round" differs (merged)
     ,(store "plain/bin" "plain"))
    ("duplicate paths, single" differs (merged)
     ,(store "plain" "a-file" "plain" "a-link" "a-link" "plain/bin/hello"))
    ("duplicate paths in the last layer" differs (merged)
     ,(store "size-6" "plain" "a-file" "a-file") #:max-layers 3
     #:extra-files ,some)
    ("duplicate paths with slashes and dots" differs (merged)
     ("/gnu/store/plain" "//gnu/store//plain/." "/gnu/./store/plain/bin/hello"))
    ("root system as a path, transformed, single" differs (merged)
     ("/gnu/root" ,@(store "plain" "t"))
     #:transformations (("/gnu/root" -> "")))
    ("directives inside the paths" differs (merged) ,(store "plain")
     #:extra-files ((directory "/gnu/store" 0 0 #o1775)
                    (directory "/gnu/store/plain")
                    (file "/gnu/store/plain/x" "x")))
    ("a link and a file below it" differs
     (error "paths.*a-link/bin/hello.* would be below .*plain/bin/hello")
     ,(store "a-link" "a-link/bin/hello"))
    ("a link and files below it, layered" differs
     (error "paths.*/gnu/store/t.* would be a directory.*link")
     ,(store "t") #:max-layers 4
     #:extra-files ((directory "/gnu/store") ("/gnu/store/t" -> "/gnu")))
    ("a whiteout" differs (error "/x/\\.wh\\.y.*whiteout")
     () #:extra-files ((directory "/x") (file "/x/.wh.y")))

    ;; The database's name.
    ("a database of another name" fails
     (same () #:database "/gnu/database/db.sqlite")
     () #:database "/gnu/database/other.db")

    ;; JSON: the reference writes control characters as they are.
    ("environment with control characters" differs
     (config "\"C=\\\\u0001\\\\u001f\"")
     () #:extra-files ,some #:environment (("C" . "\x01\x1f")))
    ("a creation time after year 9999" differs (error "creation-time")
     () #:extra-files ,some #:creation-time 253402300800)
    ("a creation time before year 0" differs (error "creation-time")
     () #:extra-files ,some #:creation-time -62167219201)
    ("a variable that is given twice" differs (error "environment.*A.*twice")
     () #:extra-files ,some #:environment (("A" . "b") ("A" . "c")))
    ("a variable without a name" differs (error "environment")
     () #:extra-files ,some #:environment (("" . "x")))
    ("a variable with = in its name" differs (error "environment.*A=B")
     () #:extra-files ,some #:environment (("A=B" . "x")))

    ;; Names that are refused: the reference takes them relative to its
    ;; working directory, cuts them, or leaves the image.
    ("a relative path" differs (error "paths.*absolute")
     ("x") #:extra-files ((file "/x" "")))
    ("a relative root system" fails (error "root-system.*absolute")
     () #:root-system "gnu/root")
    ("a path with .." differs (error "paths.*\\.\\.")
     ("/gnu/store/../store/plain"))
    ("a directive with .." differs (error "extra-files.*\\.\\.")
     () #:extra-files ((directory "/a/../b")))
    ("a transformation with .." differs (error "transformations.*\\.\\.")
     ,(store "t") #:transformations (("/gnu" -> "/a/../b")))

    ;; Links to what is only in the image.
    ("a directory through an absolute link" differs
     (members ("link" "tmp/" "tmp/suite/" "tmp/suite/made/"))
     () #:extra-files (("/link" -> "/tmp/suite") (directory "/tmp/suite")
                       (directory "/link/made")))
    ("a link to a file of the image" fails
     (members ("only-here" "x"))
     () #:extra-files ((file "/only-here") ("/x" -> "/only-here")))
    ("a link to nothing" fails (error "/nowhere")
     () #:extra-files (("/x" -> "/nowhere")))
    ("a relative link to nothing" fails (error "nowhere")
     () #:extra-files (("/x" -> "nowhere")))

    ;; Refused by both.
    ("a path that does not exist" fails (error "/gnu/store/nope")
     ,(store "plain" "nope"))
    ("a path that does not exist, layered" fails (error "/gnu/store/nope")
     ,(store "plain" "nope") #:max-layers 5 #:extra-files ,some)
    ("a system that is not supported" fails (error "powerpc-linux")
     () #:extra-files ,some #:system "powerpc-linux")
    ("a directive of no known shape" fails (error "symlink-to")
     () #:extra-files ((symlink-to "/x" "/y")))
    ("a file in no directory" fails (error "/no/where")
     () #:extra-files ((file "/no/where" "")))
    ("a file where a directory is" fails (error "/x")
     () #:extra-files ((directory "/x") (file "/x" "")))
    ("a link where a directory is" fails (error "/x")
     () #:extra-files ((directory "/x") ("/x" -> "/gnu")))
    ("a root system that does not exist" fails (error "/gnu/nope")
     () #:root-system "/gnu/nope")
    ("a root system that is a file" fails (error "root-system.*a-file")
     () #:root-system "/gnu/store/a-file")
    ("a directory where the database's links go" fails
     (error "/var/guix/gcroots/profiles")
     () #:database ,database
     #:extra-files ((directory "/var/guix/gcroots/profiles")))
    ("a database that does not exist" fails (error "/gnu/nope")
     () #:database "/gnu/nope")
    ("an image in no directory" fails (error "nowhere")
     ,(store "plain") #:image "/tmp/nowhere/image.tar")
    ("a compressor that does not exist" fails (error "no-such-compressor")
     ,(store "plain") #:compressor ("/no-such-compressor"))
    ("a compressor that fails" fails (error "false")
     ,(store "plain") #:compressor ("/usr/bin/false"))))
