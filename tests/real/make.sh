# make -j of a small C project.
rm -rf /tmp/project && mkdir -p /tmp/project && cd /tmp/project
for i in $(seq 24); do echo "int part$i(void) { return $i; }" >part$i.c; done
{
	for i in $(seq 24); do echo "int part$i(void);"; done
	echo '#include <stdio.h>'
	echo 'int main(void) { printf("sum %d\n", 0'
	for i in $(seq 24); do echo "+ part$i()"; done
	echo '); return 0; }'
} >main.c
printf 'OBJECTS := $(patsubst %%.c,%%.o,$(wildcard *.c))\nproject: $(OBJECTS)\n\tgcc -o $@ $^\n%%.o: %%.c\n\tgcc -O1 -c -o $@ $<\n' >Makefile
make -s -j 4
echo "make ended with $?"
./project
echo "ended with $?"
