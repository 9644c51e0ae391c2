/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Comes first in every file of the base kernel's KVM selftests: what they would have as
 * private memory, of guests for the most part, is shared, so that ksmd looks at it.
 */
#ifndef __ASSEMBLER__
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sys/mman.h>

static inline int shared_flags(int flags)
{
	return flags & MAP_ANONYMOUS ? (flags & ~MAP_TYPE) | MAP_SHARED : flags;
}

#define mmap(addr, length, prot, flags, fd, offset)	\
	mmap(addr, length, prot, shared_flags(flags), fd, offset)
#endif /* __ASSEMBLER__ */
