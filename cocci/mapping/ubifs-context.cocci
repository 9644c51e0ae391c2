// SPDX-License-Identifier: GPL-2.0
//
// What the driver does not do by itself.
//
//   ubifs_do_bulk_read	a local that holds the mapping of the folio goes; the
//			parameter that the function gets takes its name
//
// Leaves: all other functions.

@@
identifier I;
struct folio *F;
@@
 ubifs_do_bulk_read(...)
 {
 <...
- struct address_space *mapping = folio_mapping_ctx(F, CTX_MAP);
- struct inode *I = mapping->host;
+ struct inode *I = folio_mapping_ctx(F, CTX_MAP)->host;
 ...>
 }
