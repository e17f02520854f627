/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listings as QEMU's monitor prints them.
 */
#ifndef VK_REPORT_REPORT_MONITOR_H
#define VK_REPORT_REPORT_MONITOR_H

#include "maps/maps.h"
#include "scenario/scenario.h"

/*
 * Both list tables of the ordinary format: the guest's, or nested ones (MAPS_OUTER).  *absent
 * becomes how many tables could not be had.
 */

/* "info tlb": every leaf, with the flags of its entry [QEMU-INFO]. */
enum maps_status monitor_write_tlb(const struct scn_sink *sink, const struct view *view,
    enum maps_side side, const struct maps_filter *filter, uint64_t *absent);

/* "info mem": ranges of equal rights, those of all levels together [QEMU-INFO]. */
enum maps_status monitor_write_mem(const struct scn_sink *sink, const struct view *view,
    enum maps_side side, const struct maps_filter *filter, uint64_t *absent);

#endif
