$VKEPT bits -v --as guest-pte 0x7
