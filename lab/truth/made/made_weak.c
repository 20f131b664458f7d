// SPDX-License-Identifier: GPL-2.0
// Two weak imports: one that no kernel has, one that every kernel has.
#include <linux/module.h>
#include <linux/capability.h>

extern int made_nowhere(void) __attribute__((weak));
extern bool capable(int cap) __attribute__((weak));

static int __init made_weak_init(void)
{
	if (made_nowhere)
		return -EINVAL;
	return capable && capable(0) ? 0 : 0;
}

static void __exit made_weak_exit(void)
{
}

module_init(made_weak_init);
module_exit(made_weak_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("rekmod truth: imports weak symbols");
