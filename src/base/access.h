/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an access asks for.  The low three bits have the places that EPT entries and exit
 * qualifications give to read, write and execute.
 */
#ifndef VK_BASE_ACCESS_H
#define VK_BASE_ACCESS_H

#define VK_ACC_R 0x01u /* data read */
#define VK_ACC_W 0x02u /* data write; with R, a read-modify-write */
#define VK_ACC_X 0x04u /* instruction fetch */
#define VK_ACC_RWX 0x07u
#define VK_ACC_USER 0x08u /* made at CPL 3, not on the processor's own behalf */
#define VK_ACC_IMPLICIT 0x10u /* a supervisor access to a system structure, at any CPL */
#define VK_ACC_TABLE 0x20u /* the processor's own access to a guest paging structure */
#define VK_ACC_USER_ADDR 0x40u /* the linear address is a user-mode one (U/S set at all levels) */

#endif
