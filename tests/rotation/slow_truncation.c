/* Loaded into logrotate with LD_PRELOAD: a truncation that comes some time after the copy, as with a large log. */
#include <sys/types.h>
#include <sys/syscall.h>
#include <unistd.h>

int ftruncate(int file, off_t length) {
    usleep(400000);
    return syscall(SYS_ftruncate, file, length);
}
