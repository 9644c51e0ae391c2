// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   __get_metapage	sets its mapping in two branches
//
// Leaves: all other functions.

@@
identifier M;
@@
 __get_metapage(...)
 {
 ...
 struct address_space *M;
 <...
- CTX_MAP
+ M
 ...>
 }
