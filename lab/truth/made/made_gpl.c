// SPDX-License-Identifier: GPL-2.0
// Imports a symbol that is for GPL modules only.
#include <linux/kobject.h>
#include <linux/module.h>

static struct kobject *made_gpl_kobject;

static int __init made_gpl_init(void)
{
	made_gpl_kobject = kobject_create_and_add("made_gpl", kernel_kobj);
	return made_gpl_kobject ? 0 : -ENOMEM;
}

static void __exit made_gpl_exit(void)
{
	kobject_put(made_gpl_kobject);
}

module_init(made_gpl_init);
module_exit(made_gpl_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("rekmod truth: uses a symbol for GPL modules only");
