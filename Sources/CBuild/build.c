// For dladdr, which Swift's Glibc leaves out.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

#include "build.h"

#ifndef LAPSE_COMMIT
#define LAPSE_COMMIT ""
#endif

const char *const lapse_commit = LAPSE_COMMIT;

void *lapse_find(const char *function, const char **file) {
    void *address = dlsym(RTLD_DEFAULT, function);
    Dl_info found;
    if (address == NULL || dladdr(address, &found) == 0) return NULL;
    *file = found.dli_fname;
    return address;
}
