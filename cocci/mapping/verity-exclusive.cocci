// SPDX-License-Identifier: GPL-2.0
//
// Functions that meet no shared folio: such a folio is uptodate.
//
//   verify_data_blocks	just read, not yet uptodate
//
// Leaves: all other functions.

@@
@@
 #include <linux/bio.h>
+#include <linux/page_wp.h>
@@
struct folio *F;
@@
 verify_data_blocks(...)
 {
 <...
- F->mapping
+ folio_mapping_excl(F)
 ...>
 }
