// SPDX-License-Identifier: GPL-2.0
// Exports a symbol to another kmod. The CRC of made_provide_value follows the kernel's struct file.
#include <linux/fs.h>
#include <linux/module.h>

int made_provide_value(struct file *file);
int made_provide_value(struct file *file)
{
	return file ? 1 : 0;
}
EXPORT_SYMBOL(made_provide_value);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("rekmod truth: provides a symbol to another kmod");
