// SPDX-License-Identifier: GPL-2.0
//
// ext4's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   ext4_finish_bio	writeback has just ended, PG_writeback is still set
//   ext4_mb_init_cache	buddy cache: metadata of the file system, never shared
//
// Leaves: all other functions.

@@
struct folio *F;
@@
 ext4_finish_bio(...)
 {
 <...
- F->mapping
+ folio_mapping_excl(F)
 ...>
 }

@@
struct folio *F;
@@
 ext4_mb_init_cache(...)
 {
 <...
- F->mapping
+ folio_mapping_excl(F)
 ...>
 }
