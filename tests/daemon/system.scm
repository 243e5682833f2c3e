;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; What 'guix system image' is given.

(use-modules (gnu))

(operating-system
  (host-name "local")
  (bootloader (bootloader-configuration
               (bootloader grub-bootloader)))
  (file-systems %base-file-systems))
