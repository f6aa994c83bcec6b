/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REMAPSTORM_TOUCH_H
#define _REMAPSTORM_TOUCH_H

#include <linux/types.h>

/* Each for the request @token of @kind, which is logged with what was seen. */
void rs_read_for(u32 kind, u32 token);
void rs_copy_for(u32 kind, u32 token);
void rs_fill_free_list(u32 kind, u32 token);	/* in a thread of this CPU */
void rs_write_head(u32 kind, u32 token);
void rs_write_stale(u32 kind, u32 token);
void rs_look_again(u32 kind, u32 token);
void rs_free_buddy(u32 kind, u32 token);
void rs_wait_for_reader(void);

#endif /* _REMAPSTORM_TOUCH_H */
