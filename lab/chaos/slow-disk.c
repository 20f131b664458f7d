// What:    makes a process's disk slow: calls that wait for a disk wait longer while a file exists.
// Inputs:  LD_PRELOAD of this; REKMOD_SLOW_DISK, the file's path; it holds the milliseconds.
// Outputs: <file>.used exists once a call was slowed down.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void wait_for_disk(void) {
  const char *path = getenv("REKMOD_SLOW_DISK");
  char text[16] = {0}, used[4096];
  if (!path) return;
  int file = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (file < 0) return;
  ssize_t length = syscall(SYS_read, file, text, sizeof text - 1);
  syscall(SYS_close, file);
  if (length <= 0) return;
  snprintf(used, sizeof used, "%s.used", path);
  int mark = syscall(SYS_openat, AT_FDCWD, used, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (mark >= 0) syscall(SYS_close, mark);
  usleep(1000 * atoi(text));
}

#define SLOW(name, parameters, arguments)                                   \
  int name parameters {                                                     \
    static int (*real) parameters;                                          \
    if (!real) real = (int (*) parameters)dlsym(RTLD_NEXT, #name);          \
    wait_for_disk();                                                        \
    return real arguments;                                                  \
  }

SLOW(fsync, (int file), (file))
SLOW(fdatasync, (int file), (file))
SLOW(rename, (const char *from, const char *to), (from, to))
SLOW(link, (const char *from, const char *to), (from, to))
SLOW(unlink, (const char *path), (path))
SLOW(mkdir, (const char *path, mode_t mode), (path, mode))
SLOW(rmdir, (const char *path), (path))
SLOW(symlink, (const char *from, const char *to), (from, to))
SLOW(ftruncate, (int file, off_t size), (file, size))
