// SPDX-License-Identifier: GPL-2.0
// Imports a symbol of vmlinux that lies in the namespace DMA_BUF.
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/version.h>

static int __init made_namespace_init(void)
{
	return IS_ERR(dma_buf_get(-1)) ? 0 : -EINVAL;
}

static void __exit made_namespace_exit(void)
{
}

module_init(made_namespace_init);
module_exit(made_namespace_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("rekmod truth: uses a symbol of a namespace");
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
MODULE_IMPORT_NS("DMA_BUF");
#else
MODULE_IMPORT_NS(DMA_BUF);
#endif
