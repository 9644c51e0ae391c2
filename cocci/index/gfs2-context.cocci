// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   gfs2_internal_read		its local is the index of the lookup
//   gfs2_write_jdata_batch	notes how far it got before it takes the lock; a folio that
//				is shared since the lookup fails the test of the mapping
//				behind, and leaves the note as it is
//
// Leaves: all other functions.

@@
identifier I, P;
@@
 gfs2_internal_read(...)
 {
 ...
 unsigned long I = *P >> PAGE_SHIFT;
 <...
- CTX_IDX
+ I
 ...>
 }

@@
identifier D;
struct folio *F;
@@
 gfs2_write_jdata_batch(...)
 {
 <...
 *D = folio_index_ctx(F,
- CTX_IDX
+ *D
 );
 ...>
 }
