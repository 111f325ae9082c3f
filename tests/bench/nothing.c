/* The smallest program: what an exec costs without any library's start. */
void _start(void);

void _start(void)
{
#ifdef __x86_64__
	__asm__ volatile("syscall" : : "a"(60), "D"(0));
#else
	register long number __asm__("x8") = 93, status __asm__("x0") = 0;

	__asm__ volatile("svc #0" : : "r"(number), "r"(status));
#endif
	__builtin_unreachable();
}
