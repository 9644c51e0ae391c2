// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   netfs_perform_write	the folio is looked up at the position of the write,
//				which moves on only when the folio is done with
//   netfs_clear_stale_isize	the folio is looked up at the start of the range, which
//				is changed only later
//
// Leaves: all other functions.

@grab@
identifier P;
expression M, N;
@@
 netfs_grab_folio_for_write(M, P, N)

@@
typedef loff_t;
identifier grab.P;
@@
 netfs_perform_write(...)
 {
 <...
(
- (loff_t)CTX_IDX << PAGE_SHIFT
+ round_down(P, PAGE_SIZE)
|
- CTX_IDX
+ P >> PAGE_SHIFT
)
 ...>
 }

@@
typedef loff_t;
identifier I, P;
@@
 netfs_clear_stale_isize(struct inode *I, unsigned long long P, ...)
 {
 <...
- (loff_t)CTX_IDX << PAGE_SHIFT
+ round_down(P, PAGE_SIZE)
 ...>
 }
