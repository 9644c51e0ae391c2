// SPDX-License-Identifier: GPL-2.0
//
// UDF's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   udf_page_mkwrite	locked, after the test of the mapping
//
// Leaves: all other functions.

@@
struct folio *F;
@@
 udf_page_mkwrite(...)
 {
 <...
(
- F->index
+ folio_index_excl(F)
|
- folio_pos(F)
+ folio_pos_excl(F)
)
 ...>
 }
