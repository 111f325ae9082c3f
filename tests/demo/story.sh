# What is run under the policy.
echo '$ ls -d /usr /etc'
ls -d /usr /etc
echo '$ whoami; echo $?'
whoami
echo $?
