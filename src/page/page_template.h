/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page without its data: page.html with page.css and page.js in it, made by
 * cmake/EmbedPage.cmake.
 */
#ifndef VK_PAGE_PAGE_TEMPLATE_H
#define VK_PAGE_PAGE_TEMPLATE_H

/* What comes before the title, between the title and the data, and after the data. */
extern const char *const page_template[3];

#endif
