/* Binds the suite's parameter to the module, as the mirage command does in an instance. */
#pragma redefine_extname kv_stat kv_crunch_stat
#pragma redefine_extname kv_get kv_crunch_get
#pragma redefine_extname kv_read kv_crunch_read
#pragma redefine_extname kv_list kv_crunch_list
