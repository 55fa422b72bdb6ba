// SPDX-License-Identifier: Apache-2.0
// The command `iapc` of the Python package: becomes the program that lies in the package, whichever Python of this
// prefix has it. Nothing of Python is started.
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

// The real path of this file, whose folder is PREFIX/bin.
static char *own_path(void) {
#ifdef __APPLE__
  static char path[4096];
  uint32_t size = sizeof path;
  return _NSGetExecutablePath(path, &size) == 0 ? realpath(path, NULL) : NULL;
#else
  return realpath("/proc/self/exe", NULL);
#endif
}

// PREFIX/lib/pythonX.Y/site-packages, also as Debian's Python and `pip install --target` have it.
static const char *const places[] = {
    "lib/python3*/site-packages", "lib64/python3*/site-packages", "lib/python3*/dist-packages",
    "local/lib/python3*/dist-packages", ".",
};

int main(int argc, char **argv) {
  (void)argc;
  char *path = own_path();
  if (!path) {
    perror("iapc");
    return 1;
  }
  for (int up = 0; up < 2; up++) {
    char *slash = strrchr(path, '/');
    if (slash) *slash = 0;
  }
  char pattern[8192];
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/%s/iapc/bin/iapc", path, places[i]);
    if (glob(pattern, 0, NULL, &found) == 0) {
      // The last one: of several Pythons mostly the newest.
      const char *program = found.gl_pathv[found.gl_pathc - 1];
      execv(program, argv);
    }
    globfree(&found);
  }
  fprintf(stderr,
          "error: cannot find the program (%s): no Python of this folder has the package iapc; "
          "install the wheel again\n",
          path);
  return 1;
}
