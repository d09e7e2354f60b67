# Every target is one go command, so that those without make can type it;
# "make help" lists both forms.

# Without these two, go finds none of its tools here, and does not say why.
ifeq ($(wildcard go.mod),)
$(error go.mod is gone, by which Go knows this course: git checkout go.mod brings it back)
endif
gomod := $(file < go.mod)
ifneq ($(gomod),)
ifneq ($(wordlist 1,2,$(gomod)),module barewire)
$(error go.mod says $(wordlist 1,2,$(gomod)), and the module of this course has to be called barewire: git checkout go.mod)
endif
endif

.PHONY: help test watch hint progress run load bench exercise solution reset bisect grade regrade merge convert bundle doctor selftest starters mutants right conformance fuzz docs site check nightly

help:
	@go tool checker help

test:
	@go tool checker test $(STEP) $(if $(TASK),-task $(TASK)) $(if $(BASE),-base $(BASE)) $(if $(RACE),-race) $(if $(ALL),-all)

watch:
	@go tool checker watch $(STEP) $(if $(POLL),-poll)

hint:
	@go tool checker hint $(if $(TASK),$(TASK),$(STEP)) $(if $(LEVEL),-level $(LEVEL)) $(if $(BASE),-base $(BASE))

progress:
	@go tool checker progress $(if $(BASE),-base $(BASE))

run:
	@go tool checker run $(STEP) $(if $(ADDR),-addr $(ADDR)) $(if $(REFERENCE),-reference) $(if $(BASE),-base $(BASE)) $(if $(ARGS),-- $(ARGS))

load:
	@go tool checker load $(if $(RATE),-rate $(RATE)) $(if $(C),-c $(C)) $(if $(D),-d $(D)) $(FLAGS) $(URL) $(URL2)

bench:
	@go tool checker bench $(if $(ROUNDS),-rounds $(ROUNDS)) $(if $(WHO),-who '$(WHO)') $(if $(SHAPES),-shapes '$(SHAPES)') $(if $(DOCS),-docs) $(FLAGS)

exercise:
	@go tool checker exercise $(NAME) $(if $(ADDR),-addr $(ADDR)) $(if $(ORIGIN),-origin $(ORIGIN))

solution:
	@go tool checker solution $(STEP)

reset:
	@go tool checker reset $(STEP)

bisect:
	@go tool checker bisect $(STEP)

grade:
	@go tool checker grade $(if $(OUT),-o '$(OUT)') $(if $(RUBRIC),-rubric '$(RUBRIC)') $(if $(ROSTER),-roster '$(ROSTER)') $(if $(JOBS),-jobs $(JOBS)) $(FLAGS) $(SUBMISSIONS)

regrade:
	@go tool checker regrade $(if $(OUT),-o '$(OUT)') $(if $(RUBRIC),-rubric '$(RUBRIC)') $(if $(ROSTER),-roster '$(ROSTER)') $(if $(JOBS),-jobs $(JOBS)) $(FLAGS) $(SUBMISSIONS)

merge:
	@go tool checker merge $(if $(OUT),-o '$(OUT)') $(FLAGS) $(LOGS)

convert:
	@go tool checker convert $(if $(TO),-to $(TO)) $(if $(FILE),-o '$(FILE)') $(FLAGS) $(OUT)

bundle:
	@go tool checker bundle $(FOR) $(if $(OUT),-o '$(OUT)') $(if $(RUBRIC),-rubric '$(RUBRIC)') $(FLAGS)

doctor:
	@go tool checker doctor

selftest:
	@go tool checker selftest $(FLAGS)

mutants:
	@go tool checker mutants $(if $(STEP),-step $(STEP)) $(FLAGS)

right:
	@go tool checker right $(if $(STEP),-step $(STEP)) $(if $(WAYS),-ways $(WAYS)) $(FLAGS)

starters:
	@go tool checker starters

conformance:
	@go tool checker conformance $(if $(ADDR),-addr $(ADDR)) $(FLAGS)

fuzz:
	@go tool checker fuzz $(if $(TIME),-time $(TIME)) $(if $(STEP),-step $(STEP)) $(if $(ONLY),-only '$(ONLY)') $(FLAGS)

docs:
	@go tool checker docs $(if $(WHO),-who '$(WHO)') $(if $(ADDR),-addr $(ADDR))

site:
	@go tool checker site $(FLAGS)

check:
	@go tool checker check

nightly:
	@go tool checker nightly $(if $(SEED),-seed $(SEED)) $(FLAGS)
