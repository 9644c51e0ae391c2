// SPDX-License-Identifier: GPL-2.0

/* The step can change nothing here, and must not say that there was nothing to do. */
void toy_array(struct page *page)
{
	page[2].index = 1;
}
