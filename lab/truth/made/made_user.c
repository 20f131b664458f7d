// SPDX-License-Identifier: GPL-2.0
// Imports the symbol of made_provider, and nearly nothing else.
#include <linux/fs.h>
#include <linux/module.h>

int made_provide_value(struct file *file);

static int __init made_user_init(void)
{
	return made_provide_value(NULL);
}

static void __exit made_user_exit(void)
{
}

module_init(made_user_init);
module_exit(made_user_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("rekmod truth: uses a symbol of another kmod");
