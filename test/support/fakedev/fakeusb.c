/*
 * A fake usbfs for the same library: opening $FAKEDEV_DIR/usb/<name> gives a USB device with one serial port (CDC-ACM)
 * whose bulk pipes are the two directions of the unix stream socket $FAKEDEV_DIR/usb/<name>.sock. What the browser asks
 * of it is as in linux/usbdevice_fs.h: requests are submitted, and reaped when they are done. Test rig only.
 *
 *   $FAKEDEV_DIR/usb.log   what was asked on the control pipe, and the most bulk reads that ever waited at once
 *
 * The file that the browser gets is an eventfd, because usbfs says "writable" when there is something to reap: an
 * eventfd is writable unless its counter is full. Everything is bounded: devices, requests, bytes held for a reader.
 * A signal to the browser (SIGCHLD, when one of its processes ends) may interrupt any call here, which is then repeated: it says
 * nothing of the device.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fakedev.h"

#define MAX_DEVICES 8
/* Requests under way in one device; a real host has a limit too, of memory. */
#define MAX_REQUESTS 64
#define HELD_BYTES 65536
#define CHUNK 4096
#define EVENTFD_FULL 0xfffffffffffffffeULL

/* Class requests of a serial port (USB PSTN 1.2, table 13). */
#define SET_LINE_CODING 0x20
#define GET_LINE_CODING 0x21
#define SET_CONTROL_LINE_STATE 0x22
#define LINE_CODING_BYTES 7

typedef struct usbdevfs_urb request_t;

struct list {
  request_t *items[MAX_REQUESTS];
  int count;
};

/* One opening of a device. `reads` wait for bytes, `interrupts` wait for ever (no serial state is told). */
struct device {
  int used, file, socket, gone, over, most_reads;
  pthread_mutex_t lock;
  struct list reads, interrupts, done;
  uint8_t held[HELD_BYTES];
  int held_count;
  uint8_t line_coding[LINE_CODING_BYTES];
};

static struct device devices[MAX_DEVICES];
static pthread_mutex_t devices_lock = PTHREAD_MUTEX_INITIALIZER;

static struct device *device_of(int fd) {
  for (int i = 0; i < MAX_DEVICES; i++)
    if (devices[i].used && devices[i].file == fd) return &devices[i];
  return NULL;
}

static void note(const char *format, ...) {
  char path[600];
  snprintf(path, sizeof path, "%s/usb.log", fakedev_base());
  FILE *file = fopen(path, "ae");
  if (!file) return;
  va_list arguments;
  va_start(arguments, format);
  vfprintf(file, format, arguments);
  va_end(arguments);
  fputc('\n', file);
  fclose(file);
}

static request_t *take(struct list *list, int at) {
  request_t *taken = list->items[at];
  list->count -= 1;
  memmove(list->items + at, list->items + at + 1, (list->count - at) * sizeof *list->items);
  return taken;
}

static int index_of(struct list *list, request_t *request) {
  for (int i = 0; i < list->count; i++)
    if (list->items[i] == request) return i;
  return -1;
}

/* Writable only while there is something to reap. */
static void show_reapable(struct device *device, int reapable) {
  uint64_t value = EVENTFD_FULL, old;
  ssize_t ignored = read(device->file, &old, sizeof old);
  if (!reapable) ignored = write(device->file, &value, sizeof value);
  (void)ignored;
}

static void finish(struct device *device, request_t *request, int status, int length) {
  request->status = status;
  request->actual_length = length;
  device->done.items[device->done.count++] = request;
  show_reapable(device, 1);
}

/* Gives waiting reads the bytes held: each ends with what there is, as a bulk transfer does at a short packet. */
static void feed(struct device *device) {
  while (device->reads.count && device->held_count) {
    request_t *request = take(&device->reads, 0);
    int count = device->held_count < request->buffer_length ? device->held_count : request->buffer_length;
    memcpy(request->buffer, device->held, count);
    device->held_count -= count;
    memmove(device->held, device->held + count, device->held_count);
    finish(device, request, 0, count);
  }
}

/* Free for another opening once the browser has closed it and its pump has ended. */
static void release(struct device *device) {
  pthread_mutex_lock(&devices_lock);
  if (device->over && device->file < 0) {
    close(device->socket);
    device->used = 0;
  }
  pthread_mutex_unlock(&devices_lock);
}

/* The far end's bytes, as fast as they are read; its end is the device's. */
static void *pump(void *argument) {
  struct device *device = argument;
  uint8_t chunk[CHUNK];
  for (;;) {
    struct pollfd ready = {device->socket, POLLIN, 0};
    if (poll(&ready, 1, -1) < 0 && errno == EINTR) continue;
    pthread_mutex_lock(&device->lock);
    int full = device->file >= 0 && HELD_BYTES - device->held_count < CHUNK;
    pthread_mutex_unlock(&device->lock);
    if (full) {
      usleep(1000);
      continue;
    }
    int count = read(device->socket, chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    pthread_mutex_lock(&device->lock);
    if (count <= 0 || device->file < 0) {
      device->gone = 1;
      while (device->reads.count) finish(device, take(&device->reads, 0), -ENODEV, 0);
      show_reapable(device, 1);
      device->over = 1;
      pthread_mutex_unlock(&device->lock);
      release(device);
      return NULL;
    }
    memcpy(device->held + device->held_count, chunk, count);
    device->held_count += count;
    feed(device);
    pthread_mutex_unlock(&device->lock);
  }
}

static int open_device(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s.sock", path);
  int far = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int refused;
  do refused = connect(far, (struct sockaddr *)&address, sizeof address);
  while (refused && errno == EINTR);
  if (refused) {
    close(far);
    errno = ENODEV;
    return -1;
  }
  pthread_mutex_lock(&devices_lock);
  struct device *device = NULL;
  for (int i = 0; i < MAX_DEVICES && !device; i++)
    if (!devices[i].used) device = &devices[i];
  if (device) {
    memset(device, 0, sizeof *device);
    pthread_mutex_init(&device->lock, NULL);
    device->used = 1;
    device->socket = far;
    device->file = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    show_reapable(device, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, pump, device);
    pthread_detach(thread);
  }
  pthread_mutex_unlock(&devices_lock);
  if (device) {
    note("open");
    return device->file;
  }
  close(far);
  errno = EBUSY;
  return -1;
}

static void control(struct device *device, request_t *request) {
  struct usb_ctrlrequest *setup = request->buffer;
  uint8_t *data = (uint8_t *)request->buffer + sizeof *setup;
  int is_class = (setup->bRequestType & USB_TYPE_MASK) == USB_TYPE_CLASS;
  int is_in = (setup->bRequestType & USB_DIR_IN) != 0;
  if (is_class && setup->bRequest == SET_LINE_CODING && setup->wLength >= LINE_CODING_BYTES) {
    memcpy(device->line_coding, data, LINE_CODING_BYTES);
    note("line coding %u", data[0] | data[1] << 8 | data[2] << 16 | (unsigned)data[3] << 24);
  } else if (is_class && setup->bRequest == SET_CONTROL_LINE_STATE) {
    note("lines dtr=%d rts=%d", setup->wValue & 1, setup->wValue >> 1 & 1);
  } else if (is_class && is_in && setup->bRequest == GET_LINE_CODING) {
    memcpy(data, device->line_coding, LINE_CODING_BYTES);
    finish(device, request, 0, LINE_CODING_BYTES);
    return;
  } else if (is_in) {
    finish(device, request, -EPIPE, 0);
    return;
  }
  finish(device, request, 0, setup->wLength);
}

/* Blocks while the far end does not read, as a device does that answers NAK. */
static void send_out(struct device *device, request_t *request) {
  int sent = 0;
  pthread_mutex_unlock(&device->lock);
  while (sent < request->buffer_length) {
    int count = send(device->socket, (uint8_t *)request->buffer + sent, request->buffer_length - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    sent += count;
  }
  pthread_mutex_lock(&device->lock);
  finish(device, request, sent == request->buffer_length ? 0 : -ENODEV, sent);
}

static int submit(struct device *device, request_t *request) {
  int under_way = device->reads.count + device->interrupts.count + device->done.count;
  if (device->gone || under_way >= MAX_REQUESTS) {
    errno = device->gone ? ENODEV : ENOMEM;
    return -1;
  }
  if (request->type == USBDEVFS_URB_TYPE_CONTROL) control(device, request);
  else if (!(request->endpoint & USB_DIR_IN)) send_out(device, request);
  else if (request->type == USBDEVFS_URB_TYPE_INTERRUPT) device->interrupts.items[device->interrupts.count++] = request;
  else {
    device->reads.items[device->reads.count++] = request;
    if (device->reads.count > device->most_reads) note("reads at once %d", device->most_reads = device->reads.count);
    feed(device);
  }
  return 0;
}

static int discard(struct device *device, request_t *request) {
  struct list *lists[] = {&device->reads, &device->interrupts};
  for (int i = 0; i < 2; i++) {
    int at = index_of(lists[i], request);
    if (at < 0) continue;
    finish(device, take(lists[i], at), -ENOENT, 0);
    return 0;
  }
  errno = EINVAL;
  return -1;
}

static int reap(struct device *device, request_t **reaped) {
  int some = device->done.count > 0;
  if (some) *reaped = take(&device->done, 0);
  else errno = device->gone ? ENODEV : EAGAIN;
  // A device that is gone stays "writable", so that the browser comes and is told.
  if (!device->done.count && !device->gone) show_reapable(device, 0);
  return some ? 0 : -1;
}

int fakeusb_ioctl(int fd, unsigned long request, void *argument, int *result) {
  struct device *device = device_of(fd);
  if (!device) return 0;
  pthread_mutex_lock(&device->lock);
  *result = 0;
  switch (request) {
    case USBDEVFS_SUBMITURB:
      *result = submit(device, argument);
      break;
    case USBDEVFS_DISCARDURB:
      *result = discard(device, argument);
      break;
    case USBDEVFS_REAPURB:
    case USBDEVFS_REAPURBNDELAY:
      *result = reap(device, argument);
      break;
    case USBDEVFS_GET_CAPABILITIES:
      *(uint32_t *)argument = 0;
      break;
    case USBDEVFS_IOCTL:
      // No driver of the kernel's holds the interface.
      errno = ENODATA;
      *result = -1;
      break;
    default:
      // Claiming, releasing, configurations and halts: all agreed to.
      break;
  }
  pthread_mutex_unlock(&device->lock);
  return 1;
}

static int is_ours(const char *path) {
  size_t length = strlen(fakedev_base());
  return path && !strncmp(path, fakedev_base(), length) && !strncmp(path + length, "/usb/", 5);
}

#define OPEN(name)                                                         \
  int name(const char *path, int flags, ...) {                             \
    static int (*real)(const char *, int, ...);                            \
    mode_t mode = 0;                                                       \
    if (flags & (O_CREAT | O_TMPFILE)) {                                   \
      va_list arguments;                                                   \
      va_start(arguments, flags);                                          \
      mode = va_arg(arguments, mode_t);                                    \
      va_end(arguments);                                                   \
    }                                                                      \
    if (is_ours(path)) return open_device(path);                           \
    if (!real) real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name); \
    return real(path, flags, mode);                                        \
  }

OPEN(open)
OPEN(open64)

int close(int fd) {
  static int (*real)(int);
  struct device *device = device_of(fd);
  if (device) {
    note("close");
    pthread_mutex_lock(&device->lock);
    device->file = -1;
    shutdown(device->socket, SHUT_RDWR);
    pthread_mutex_unlock(&device->lock);
    release(device);
  }
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "close");
  return real(fd);
}
