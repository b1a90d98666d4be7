/* What the two halves of the fake hardware share: fakedev.c is udev and modem lines, fakeusb.c is usbfs. */
#ifndef FAKEDEV_H
#define FAKEDEV_H

/* $FAKEDEV_DIR: everything of this rig is under it. */
const char *fakedev_base(void);

/* True if the file is an open fake USB device; the answer of its ioctl is then in *result. */
int fakeusb_ioctl(int fd, unsigned long request, void *argument, int *result);

#endif
