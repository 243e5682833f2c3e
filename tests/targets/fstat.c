/* SPDX-License-Identifier: GPL-3.0-or-later

   To be loaded before a program that runs in qemu-s390x 10, whose fstat gives
   whole seconds, unlike its fstatat.  */

#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

int
fstat (int descriptor, struct stat *status)
{
  return fstatat (descriptor, "", status, AT_EMPTY_PATH);
}

int
fstat64 (int descriptor, struct stat64 *status)
{
  return fstatat64 (descriptor, "", status, AT_EMPTY_PATH);
}
