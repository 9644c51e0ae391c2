// SPDX-License-Identifier: GPL-2.0
//
// The holes of the function FN get its context, the expression CTX.  The driver
// puts names for FN and CTX, one rule for each function that has a context.
//
// Leaves: everything outside FN.

@@
type T;
position p : script:python() { p[0].current_element == "FN" };
@@
(
- (T)CTX_IDX@p
+ (T)CTX
|
- CTX_IDX@p
+ CTX
)
