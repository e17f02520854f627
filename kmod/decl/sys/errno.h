/* SPDX-License-Identifier: BSD-2-Clause */
/* Error numbers, where they are not those of other systems. */
#ifndef VK_DECL_SYS_ERRNO_H
#define VK_DECL_SYS_ERRNO_H

#define EIO          5
#define EFAULT       14
#define EOPNOTSUPP   45
#define ENAMETOOLONG 63

#endif
