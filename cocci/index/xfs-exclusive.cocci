// SPDX-License-Identifier: GPL-2.0
//
// xfs's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   xfs_discard_folio	writeback of it has failed: locked, and it was dirty
//   xfile_put_folio	a page of an xfile: swap-backed, of a file that no user sees
//
// Leaves: all other functions. The trace point of xfarray_sort_scan() is in
// xfs-by-hand.patch, as spatch does not see into it.

@@
identifier fn = { xfs_discard_folio, xfile_put_folio };
struct folio *F;
@@
 fn(...)
 {
 <...
- folio_pos(F)
+ folio_pos_excl(F)
 ...>
 }
