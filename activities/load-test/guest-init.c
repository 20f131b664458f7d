/*
 * What:    the only process of a load test's guest: inserts and removes modules as the file /plan says and
 *          tells each step in the kernel's log, one record a step, so that no other line comes between.
 * Inputs:  /plan (its form: plan/boot-script.ts), /m/<step> (a module each), the node /dev/kmsg; empty /proc and /sys.
 * Outputs: records "rekmod-<token> <word> …" (read by plan/boot-records.ts), then the end of the machine.
 * Build:   cc -static -nostdlib -ffreestanding: no C library, so that any host's compiler will do.
 */
#include "guest-calls.h"

enum { PLAN_BYTES = 1 << 20, STEPS = 4096, LINE_BYTES = 512 };
/* The console shows what is below: everything but debug messages. syslog(2), SYSLOG_ACTION_CONSOLE_LEVEL */
enum { CONSOLE_LEVEL_ACTION = 8, CONSOLE_LEVEL = 7 };

static char plan[PLAN_BYTES];
static char loaded[STEPS];
static char token[64];
static int log_file;

struct line {
	char text[LINE_BYTES];
	size_t used;
};

static void add(struct line *line, const char *text)
{
	while (*text && line->used < LINE_BYTES - 2)
		line->text[line->used++] = *text++;
}

static void add_digits(struct line *line, ulong value)
{
	char digits[24];
	size_t at = sizeof digits - 1;
	digits[at] = 0;
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value && at);
	add(line, digits + at);
}

static void add_number(struct line *line, ulong value)
{
	add(line, " ");
	add_digits(line, value);
}

/* Level 2 (critical) is shown also as long as the console is quiet. */
static void begin_line(struct line *line, const char *word)
{
	line->used = 0;
	add(line, "<2>rekmod-");
	add(line, token);
	add(line, " ");
	add(line, word);
}

static void end_line(struct line *line)
{
	line->text[line->used++] = '\n';
	call(WRITE, log_file, (long)line->text, (long)line->used, 0, 0);
}

static long read_file(const char *path, char *to, size_t limit)
{
	long file = call(OPENAT, HERE, (long)path, READ_ONLY, 0, 0);
	long used = 0;
	if (file < 0)
		return file;
	while ((size_t)used < limit - 1) {
		long count = call(READ, file, (long)(to + used), (long)(limit - 1 - (size_t)used), 0, 0);
		if (count <= 0)
			break;
		used += count;
	}
	call(CLOSE, file, 0, 0, 0, 0);
	to[used] = 0;
	return used;
}

/* Adds the one word of a file of /proc or /sys; "-" when it has none. */
static void add_file(struct line *line, const char *path)
{
	char text[64];
	long count = read_file(path, text, sizeof text);
	for (long i = 0; i < count; i++)
		if (text[i] == '\n' || text[i] == ' ')
			text[i] = 0;
	add(line, " ");
	add(line, count > 0 && text[0] ? text : "-");
}

static void sleep_ms(ulong ms)
{
	long time[2] = { (long)(ms / 1000), (long)(ms % 1000 * 1000000) };
	call(NANOSLEEP, (long)time, 0, 0, 0, 0);
}

/* Takes the next word of a line of the plan: the text itself, cut off. */
static char *next_word(char **rest)
{
	char *word = *rest;
	char *at = word;
	while (*at && *at != ' ')
		at++;
	if (*at)
		*at++ = 0;
	*rest = at;
	return word;
}

static ulong to_number(const char *text)
{
	ulong value = 0;
	while (*text >= '0' && *text <= '9')
		value = value * 10 + (ulong)(*text++ - '0');
	return value;
}

/* The first step of "3,7" that is not loaded; STEPS when all are. "-" means none. */
static ulong find_missing(const char *needs)
{
	while (*needs >= '0' && *needs <= '9') {
		ulong step = to_number(needs);
		if (step >= STEPS || !loaded[step])
			return step;
		while (*needs && *needs != ',')
			needs++;
		if (*needs)
			needs++;
	}
	return STEPS;
}

static void tell_result(const char *word, ulong step, long result, const char *name)
{
	struct line line, path;
	begin_line(&line, word);
	add_number(&line, step);
	add_number(&line, result < 0 ? (ulong)-result : 0);
	add_file(&line, "/proc/sys/kernel/tainted");
	path.used = 0;
	add(&path, "/sys/module/");
	add(&path, name);
	add(&path, "/taint");
	path.text[path.used] = 0;
	add_file(&line, path.text);
	end_line(&line);
}

static void tell_step(const char *word, ulong step)
{
	struct line line;
	begin_line(&line, word);
	add_number(&line, step);
	end_line(&line);
}

/* "i <step> <needs> <name> <parameters>" */
static int insert(char *rest)
{
	struct line line;
	ulong step = to_number(next_word(&rest));
	ulong missing = find_missing(next_word(&rest));
	const char *name = next_word(&rest);
	if (step >= STEPS)
		return 0;
	if (missing != STEPS) {
		begin_line(&line, "skip");
		add_number(&line, step);
		add_number(&line, missing);
		end_line(&line);
		return 0;
	}
	tell_step("try", step);
	line.used = 0;
	add(&line, "/m/");
	add_digits(&line, step);
	line.text[line.used] = 0;
	long file = call(OPENAT, HERE, (long)line.text, READ_ONLY, 0, 0);
	long result = file < 0 ? file : call(FINIT_MODULE, file, (long)rest, 0, 0, 0);
	if (file >= 0)
		call(CLOSE, file, 0, 0, 0, 0);
	loaded[step] = result == 0;
	tell_result("in", step, result, name);
	return result != -EEXIST;
}

/* "r <step> <name>" */
static int remove(char *rest)
{
	ulong step = to_number(next_word(&rest));
	const char *name = next_word(&rest);
	if (step >= STEPS || !loaded[step])
		return 0;
	tell_step("del", step);
	long result = call(DELETE_MODULE, (long)name, NONBLOCK, 0, 0, 0);
	loaded[step] = 0;
	tell_result("out", step, result, name);
	return 1;
}

static void follow_plan(char *line)
{
	int is_touched = 0;
	while (*line) {
		char *next = line;
		while (*next && *next != '\n')
			next++;
		if (*next)
			*next++ = 0;
		char *rest = line;
		const char *word = next_word(&rest);
		if (*word == 'i')
			is_touched |= insert(rest);
		else if (*word == 'r')
			is_touched |= remove(rest);
		else if (*word == 'g')
			tell_step("group", to_number(rest));
		else if (*word == 'w' && is_touched) {
			/* What a module left behind (a timer, a work item) fails only now. */
			sleep_ms(to_number(rest));
			is_touched = 0;
		}
		line = next;
	}
}

static void tell_begin(void)
{
	/* struct new_utsname: six fields of 65 bytes, the release is the third. */
	static char names[6 * 65];
	struct line line;
	call(UNAME, (long)names, 0, 0, 0, 0);
	begin_line(&line, "begin ");
	add(&line, names + 2 * 65);
	end_line(&line);
}

static void end_machine(void)
{
	struct line line;
#if defined(__x86_64__)
	int has_port = call(IOPERM, 0xf4, 4, 1, 0, 0) == 0;
#else
	int has_port = 0;
#endif
	begin_line(&line, has_port ? "end exit" : "end off");
	end_line(&line);
	/* A kernel whose consoles have threads of their own still writes. */
	sleep_ms(50);
#if defined(__x86_64__)
	/* isa-debug-exit ends QEMU with status 2 * 16 + 1. */
	if (has_port)
		__asm__ volatile("outb %0, %1" : : "a"((unsigned char)16), "Nd"((unsigned short)0xf4));
#endif
	/* reboot(2): LINUX_REBOOT_CMD_POWER_OFF */
	call(REBOOT, (long)0xfee1dead, 672274793, 0x4321fedc, 0, 0);
	call(EXIT, 0, 0, 0, 0, 0);
}

void run(void)
{
	char *rest = plan;
	call(MOUNT, (long)"proc", (long)"/proc", (long)"proc", 0, 0);
	call(MOUNT, (long)"sysfs", (long)"/sys", (long)"sysfs", 0, 0);
	log_file = (int)call(OPENAT, HERE, (long)"/dev/kmsg", WRITE_ONLY, 0, 0);
	read_file("/plan", plan, sizeof plan);
	call(UNLINKAT, HERE, (long)"/plan", 0, 0, 0);
	while (*rest && *rest != '\n')
		rest++;
	if (*rest)
		*rest++ = 0;
	for (size_t i = 0; plan[i] && i < sizeof token - 1; i++) {
		token[i] = plan[i];
		plan[i] = 0;
	}
	tell_begin();
	call(SYSLOG, CONSOLE_LEVEL_ACTION, 0, CONSOLE_LEVEL, 0, 0);
	follow_plan(rest);
	end_machine();
	for (;;)
		sleep_ms(1000);
}
