from lapse_idp import main

main()
