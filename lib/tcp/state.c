/* The state machine of RFC 9293, section 3.3.2, figure 5, as a table of what each action does. */
#include "private.h"

/* In the state `from`, `action` leads to the state `to`. An action that is not listed changes nothing. */
struct transition {
    uint8_t from, action, to;
};

static const struct transition transitions[] = {
    { STATE_CLOSED, SEND_SYN, STATE_SYN_SENT },
    { STATE_LISTEN, SEND_SYN_ACK, STATE_SYN_RECEIVED },
    { STATE_SYN_SENT, RECEIVE_SYN_ACK, STATE_ESTABLISHED },
    { STATE_SYN_SENT, RECEIVE_SYN, STATE_SYN_RECEIVED },
    { STATE_SYN_RECEIVED, RECEIVE_ACK_OF_SYN, STATE_ESTABLISHED },
    { STATE_ESTABLISHED, SEND_FIN, STATE_FIN_WAIT_1 },
    { STATE_ESTABLISHED, RECEIVE_FIN, STATE_CLOSE_WAIT },
    { STATE_FIN_WAIT_1, RECEIVE_ACK_OF_FIN, STATE_FIN_WAIT_2 },
    { STATE_FIN_WAIT_1, RECEIVE_FIN, STATE_CLOSING },
    { STATE_FIN_WAIT_2, RECEIVE_FIN, STATE_TIME_WAIT },
    { STATE_CLOSING, RECEIVE_ACK_OF_FIN, STATE_TIME_WAIT },
    { STATE_CLOSE_WAIT, SEND_FIN, STATE_LAST_ACK },
    { STATE_LAST_ACK, RECEIVE_ACK_OF_FIN, STATE_CLOSED },
};

INTERNAL enum state state_next(enum state state, enum action action)
{
    if (action == ABANDON)
        return STATE_CLOSED;
    for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++)
        if (transitions[i].from == state && transitions[i].action == action)
            return transitions[i].to;
    return state;
}

/* The state's name as in RFC 9293, for the log. */
INTERNAL const char *state_name(enum state state)
{
    static const char *const names[STATES] = {
        [STATE_CLOSED] = "CLOSED",           [STATE_LISTEN] = "LISTEN",
        [STATE_SYN_SENT] = "SYN-SENT",       [STATE_SYN_RECEIVED] = "SYN-RECEIVED",
        [STATE_ESTABLISHED] = "ESTABLISHED", [STATE_FIN_WAIT_1] = "FIN-WAIT-1",
        [STATE_FIN_WAIT_2] = "FIN-WAIT-2",   [STATE_CLOSE_WAIT] = "CLOSE-WAIT",
        [STATE_CLOSING] = "CLOSING",         [STATE_LAST_ACK] = "LAST-ACK",
        [STATE_TIME_WAIT] = "TIME-WAIT",
    };
    return state < STATES ? names[state] : "?";
}
