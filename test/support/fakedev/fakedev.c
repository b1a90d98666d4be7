/*
 * A fake udev for Chromium, by LD_PRELOAD: Chromium links libudev.so.1, and these definitions come before it. Test rig
 * only. With it the browser's own Web Serial and WebUSB code finds a port or a device and sees it being plugged and
 * unplugged, on a machine without one. A port opens as a pseudo terminal; what a USB device does is in fakeusb.c.
 *
 *   $FAKEDEV_DIR/dev/<name>    one device: KEY=VALUE lines, its udev properties (SYSPATH, SUBSYSTEM, DEVNAME, DEVTYPE
 *                              too); ATTR{name}=VALUE lines are its sysfs attributes
 *   renamed into dev/          plugged in ("add")
 *   renamed from dev/ to gone/ unplugged ("remove")
 *
 * Also gives pseudo terminals modem lines, which they lack: DTR comes back as DSR and DCD, RTS as CTS.
 * Chromium takes a tty only if MAJOR and MINOR lie in a "serial" range of /proc/tty/drivers, and opens DEVNAME.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fakedev.h"

#define MAX_FILTERS 8
#define MAX_FDS 4096

struct entry {
  struct entry *next;
  char *name, *value;
};

struct udev_device {
  char *sysname, *action;
  struct entry *properties;
};

struct udev_enumerate {
  char *subsystems[MAX_FILTERS];
  int count;
  struct entry *list;
};

/* `fd` is readable while `inotify` is, or while `more` says that events were read and not yet handed on. */
struct udev_monitor {
  int fd, inotify, more, count, length, offset;
  char *subsystems[MAX_FILTERS];
  char buffer[8192];
};

const char *fakedev_base(void) {
  const char *directory = getenv("FAKEDEV_DIR");
  return directory ? directory : "/nonexistent";
}

static void append(struct entry **list, const char *name, const char *value) {
  struct entry *added = calloc(1, sizeof *added);
  added->name = strdup(name);
  added->value = value ? strdup(value) : NULL;
  while (*list) list = &(*list)->next;
  *list = added;
}

static const char *property(struct udev_device *device, const char *name) {
  for (struct entry *e = device->properties; e; e = e->next)
    if (!strcmp(e->name, name)) return e->value;
  return NULL;
}

static struct udev_device *load(const char *folder, const char *name, const char *action) {
  char path[512], line[1024];
  snprintf(path, sizeof path, "%s/%s/%s", fakedev_base(), folder, name);
  FILE *file = fopen(path, "re");
  if (!file) return NULL;
  struct udev_device *device = calloc(1, sizeof *device);
  device->sysname = strdup(name);
  if (action) device->action = strdup(action);
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    char *equals = strchr(line, '=');
    if (!equals) continue;
    *equals = 0;
    append(&device->properties, line, equals + 1);
  }
  fclose(file);
  return device;
}

static int wanted(char **subsystems, int count, const char *subsystem) {
  for (int i = 0; i < count; i++)
    if (subsystem && !strcmp(subsystems[i], subsystem)) return 1;
  return count == 0;
}

/* Objects are never freed: a browser under test lives for seconds and asks for a handful. */

struct udev *udev_new(void) { return (struct udev *)strdup("udev"); }
struct udev *udev_unref(struct udev *udev) { return NULL; }

struct udev_enumerate *udev_enumerate_new(struct udev *udev) { return calloc(1, sizeof(struct udev_enumerate)); }
struct udev_enumerate *udev_enumerate_unref(struct udev_enumerate *enumerate) { return NULL; }

int udev_enumerate_add_match_subsystem(struct udev_enumerate *enumerate, const char *subsystem) {
  if (enumerate->count < MAX_FILTERS) enumerate->subsystems[enumerate->count++] = strdup(subsystem);
  return 0;
}

int udev_enumerate_scan_devices(struct udev_enumerate *enumerate) {
  char path[512];
  snprintf(path, sizeof path, "%s/dev", fakedev_base());
  DIR *directory = opendir(path);
  if (!directory) return 0;
  for (struct dirent *found; (found = readdir(directory));) {
    if (found->d_name[0] == '.') continue;
    struct udev_device *device = load("dev", found->d_name, NULL);
    if (!device || !property(device, "SYSPATH")) continue;
    if (wanted(enumerate->subsystems, enumerate->count, property(device, "SUBSYSTEM")))
      append(&enumerate->list, property(device, "SYSPATH"), NULL);
  }
  closedir(directory);
  return 0;
}

struct udev_list_entry *udev_enumerate_get_list_entry(struct udev_enumerate *enumerate) {
  return (struct udev_list_entry *)enumerate->list;
}
struct udev_list_entry *udev_list_entry_get_next(struct udev_list_entry *entry) {
  return (struct udev_list_entry *)((struct entry *)entry)->next;
}
const char *udev_list_entry_get_name(struct udev_list_entry *entry) { return ((struct entry *)entry)->name; }

struct udev_device *udev_device_new_from_syspath(struct udev *udev, const char *syspath) {
  char path[512];
  snprintf(path, sizeof path, "%s/dev", fakedev_base());
  DIR *directory = opendir(path);
  struct udev_device *match = NULL;
  for (struct dirent *found; directory && !match && (found = readdir(directory));) {
    if (found->d_name[0] == '.') continue;
    struct udev_device *device = load("dev", found->d_name, NULL);
    const char *its = device ? property(device, "SYSPATH") : NULL;
    if (its && !strcmp(its, syspath)) match = device;
  }
  if (directory) closedir(directory);
  if (!match) errno = ENOENT;
  return match;
}

struct udev_device *udev_device_new_from_devnum(struct udev *udev, char type, dev_t number) {
  errno = ENOENT;
  return NULL;
}
struct udev_device *udev_device_new_from_subsystem_sysname(struct udev *udev, const char *subsystem, const char *name) {
  errno = ENOENT;
  return NULL;
}
struct udev_device *udev_device_unref(struct udev_device *device) { return NULL; }
struct udev_device *udev_device_get_parent(struct udev_device *device) { return NULL; }
struct udev_device *udev_device_get_parent_with_subsystem_devtype(struct udev_device *device, const char *subsystem,
                                                                   const char *type) {
  return NULL;
}
const char *udev_device_get_action(struct udev_device *device) { return device->action; }
const char *udev_device_get_devnode(struct udev_device *device) { return property(device, "DEVNAME"); }
const char *udev_device_get_devtype(struct udev_device *device) { return property(device, "DEVTYPE"); }
const char *udev_device_get_driver(struct udev_device *device) { return NULL; }
const char *udev_device_get_subsystem(struct udev_device *device) { return property(device, "SUBSYSTEM"); }
const char *udev_device_get_sysname(struct udev_device *device) { return device->sysname; }
const char *udev_device_get_syspath(struct udev_device *device) { return property(device, "SYSPATH"); }
const char *udev_device_get_property_value(struct udev_device *device, const char *key) { return property(device, key); }
const char *udev_device_get_sysattr_value(struct udev_device *device, const char *name) {
  char key[80];
  snprintf(key, sizeof key, "ATTR{%s}", name);
  return property(device, key);
}
struct udev_list_entry *udev_device_get_properties_list_entry(struct udev_device *device) {
  return (struct udev_list_entry *)device->properties;
}

struct udev_monitor *udev_monitor_new_from_netlink(struct udev *udev, const char *name) {
  char path[512];
  struct udev_monitor *monitor = calloc(1, sizeof *monitor);
  monitor->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  monitor->more = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  monitor->fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event readable = {.events = EPOLLIN};
  epoll_ctl(monitor->fd, EPOLL_CTL_ADD, monitor->inotify, &readable);
  epoll_ctl(monitor->fd, EPOLL_CTL_ADD, monitor->more, &readable);
  snprintf(path, sizeof path, "%s/dev", fakedev_base());
  inotify_add_watch(monitor->inotify, path, IN_MOVED_TO | IN_MOVED_FROM);
  return monitor;
}
struct udev_monitor *udev_monitor_unref(struct udev_monitor *monitor) {
  if (!monitor) return NULL;
  close(monitor->fd);
  close(monitor->more);
  close(monitor->inotify);
  return NULL;
}
int udev_monitor_enable_receiving(struct udev_monitor *monitor) { return 0; }
int udev_monitor_get_fd(struct udev_monitor *monitor) { return monitor->fd; }

int udev_monitor_filter_add_match_subsystem_devtype(struct udev_monitor *monitor, const char *subsystem,
                                                    const char *type) {
  if (monitor->count < MAX_FILTERS) monitor->subsystems[monitor->count++] = strdup(subsystem);
  return 0;
}

/* The browser takes one event each time that the descriptor is readable, as a netlink socket has one in each datagram. */
static void show_more(struct udev_monitor *monitor) {
  uint64_t count = 1;
  ssize_t ignored = monitor->offset < monitor->length ? write(monitor->more, &count, sizeof count)
                                                      : read(monitor->more, &count, sizeof count);
  (void)ignored;
}

struct udev_device *udev_monitor_receive_device(struct udev_monitor *monitor) {
  for (;;) {
    if (monitor->offset >= monitor->length) {
      do monitor->length = read(monitor->inotify, monitor->buffer, sizeof monitor->buffer);
      while (monitor->length < 0 && errno == EINTR);
      monitor->offset = 0;
      if (monitor->length <= 0) {
        monitor->length = 0;
        show_more(monitor);
        return NULL;
      }
    }
    struct inotify_event *event = (void *)(monitor->buffer + monitor->offset);
    monitor->offset += sizeof *event + event->len;
    if (!event->len || event->name[0] == '.') continue;
    int added = (event->mask & IN_MOVED_TO) != 0;
    struct udev_device *device = load(added ? "dev" : "gone", event->name, added ? "add" : "remove");
    if (!device || !wanted(monitor->subsystems, monitor->count, property(device, "SUBSYSTEM"))) continue;
    show_more(monitor);
    return device;
  }
}

int ioctl(int fd, unsigned long request, ...) {
  static int (*real)(int, unsigned long, ...);
  static int lines[MAX_FDS];
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  if (!real) real = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
  int usb;
  if (fakeusb_ioctl(fd, request, argument, &usb)) return usb;

  int modem = request == TIOCMGET || request == TIOCMSET || request == TIOCMBIS || request == TIOCMBIC;
  int result = real(fd, request, argument);
  if (request == TIOCSBRK || request == TIOCCBRK) return result && isatty(fd) ? 0 : result;
  if (!modem || result == 0 || fd < 0 || fd >= MAX_FDS || !isatty(fd)) return result;

  int *value = argument;
  if (request == TIOCMGET)
    *value = lines[fd] | (lines[fd] & TIOCM_DTR ? TIOCM_DSR | TIOCM_CAR : 0) | (lines[fd] & TIOCM_RTS ? TIOCM_CTS : 0);
  else if (request == TIOCMSET) lines[fd] = *value;
  else if (request == TIOCMBIS) lines[fd] |= *value;
  else lines[fd] &= ~*value;
  return 0;
}
