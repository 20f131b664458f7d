/*
 * What:    the system calls of a load test's guest, without a C library: numbers and the call itself for each architecture.
 * Inputs:  the compiler's own idea of the architecture.
 * Outputs: call(number, …), the entry point _start, which calls run(), and the constants that go with the calls.
 */
/* Even the compiler's own headers are not there in every installation. */
typedef __SIZE_TYPE__ size_t;
typedef unsigned long ulong;

#if defined(__x86_64__)
enum { READ = 0, WRITE = 1, CLOSE = 3, NANOSLEEP = 35, EXIT = 60, UNAME = 63, SYSLOG = 103, MOUNT = 165,
       REBOOT = 169, IOPERM = 173, DELETE_MODULE = 176, OPENAT = 257, UNLINKAT = 263, FINIT_MODULE = 313 };

static long call(long number, long a, long b, long c, long d, long e)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	__asm__ volatile("syscall" : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
}

/* The stack is aligned at the entry of a process, and a call would leave it so that a function expects it. */
__asm__(".globl _start\n_start:\n\txor %ebp,%ebp\n\tcall run\n");
#elif defined(__aarch64__)
enum { READ = 63, WRITE = 64, CLOSE = 57, NANOSLEEP = 101, EXIT = 93, UNAME = 160, SYSLOG = 116, MOUNT = 40,
       REBOOT = 142, DELETE_MODULE = 106, OPENAT = 56, UNLINKAT = 35, FINIT_MODULE = 273 };

static long call(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
}

__asm__(".globl _start\n_start:\n\tmov x29,#0\n\tbl run\n");
#else
#error "expected x86_64 or aarch64"
#endif

enum { HERE = -100, READ_ONLY = 0, WRITE_ONLY = 1, NONBLOCK = 0x800, EEXIST = 17 };

/* The compiler may call these two by itself. */
void *memset(void *to, int value, size_t count)
{
	for (size_t i = 0; i < count; i++)
		((volatile char *)to)[i] = (char)value;
	return to;
}

void *memcpy(void *to, const void *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		((volatile char *)to)[i] = ((const char *)from)[i];
	return to;
}
