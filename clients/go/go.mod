module lapse

go 1.18
