# SPDX-License-Identifier: BSD-2-Clause
"""Holds documents against the published schemas.

  schema.py results SCHEMA FILE...        JSON of vkept run and explore
  schema.py scenarios SCHEMA VKEPT DIR    shipped scenarios: both accept them
  schema.py broken SCHEMA VKEPT DIR LIST  broken ones: what the schema refuses the program
                                          refuses; what it accepts is on LIST, with the reason
  schema.py mutants SCHEMA VKEPT DIR OUT  shipped ones with one change each

Status 0: they agree; 1: they do not; 77: a module is not installed.
"""
import copy
import glob
import json
import os
import random
import subprocess
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(missing)
    sys.exit(77)

WRONG = 0


def complain(*words):
    global WRONG
    WRONG += 1
    if WRONG <= 20:
        print(*words)


def validator(path):
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def load(path):
    """A YAML file as an editor sees it; None when it is none."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        with open(path, "rb") as file:
            return [yaml.load(file, Loader=loader)]
    except (yaml.YAMLError, ValueError, TypeError):
        return None


def files(directory):
    return sorted(glob.glob(directory + "/**/*.yaml", recursive=True))


def verdicts(vkept, directory):
    """Which files the program accepts."""
    done = subprocess.run([vkept, "check", "-f", "json", directory], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    return {entry["file"]: not entry["errors"] for entry in json.loads(done.stdout)["files"]}


def results(schema, *paths):
    check = validator(schema)
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for error in check.iter_errors(json.load(file)):
                complain(path, list(error.absolute_path), error.message[:200])


def scenarios(schema, vkept, directory):
    check = validator(schema)
    accepted = verdicts(vkept, directory)
    for path in files(directory):
        document = load(path)
        if document is None or not accepted[path]:
            complain(path, "cannot be loaded")
            continue
        for error in check.iter_errors(document[0]):
            complain(path, list(error.absolute_path), error.message[:200])
            break
    print(len(accepted), "scenario files")


def broken(schema, vkept, directory, listed):
    check = validator(schema)
    accepted = verdicts(vkept, directory)
    with open(listed, encoding="utf-8") as file:
        lines = [line.split(None, 1) for line in file if line[0] not in "#\n"]
    beyond = {directory + "/" + words[0] for words in lines if len(words) == 2}
    refused = set()
    for path in files(directory):
        document = load(path)
        if document is None or not check.is_valid(document[0]):
            refused.add(path)
    for path in accepted:
        if accepted[path]:
            complain(path, "is broken, and the program accepts it")
        if (path in refused) == (path in beyond):
            complain(path, "is refused by the schema, and listed as beyond it"
                     if path in refused else "is accepted by the schema, for no reason listed")
    for path in beyond - set(accepted):
        complain(path, "is listed and does not exist")
    print(len(accepted), "broken files,", len(refused), "of them refused by the schema")


def places(node, found):
    """Every (container, key) of a document."""
    keys = list(node) if isinstance(node, dict) else range(len(node))
    for key in keys:
        found.append((node, key))
        if isinstance(node[key], (dict, list)):
            places(node[key], found)
    return found


def add_key(document, _):
    document["xyzzy"] = 1


def add_thread_key(document, _):
    document["threads"][0]["xyzzy"] = 1


def no_threads(document, _):
    del document["threads"]


def wrong_role(document, _):
    document["threads"][0]["role"] = "servant"


def steps_of_text(document, _):
    document["threads"][0]["steps"] = "read"


def no_such_operation(document, _):
    document["threads"][0]["steps"].append({"raed": {"at": 1}})


def two_operations(document, _):
    document["threads"][0]["steps"].append({"hlt": None, "pause": None})


def negative(document, _):
    document.setdefault("machine", {})["cpus"] = -1


def too_large(document, _):
    document.setdefault("machine", {})["cpus"] = 65


def replace(document, chance):
    node, key = chance.choice(places(document, []))
    node[key] = chance.choice(["xyzzy", -1, 7, None, [], {}, True, "0x10"])


def rename(document, chance):
    node, key = chance.choice([place for place in places(document, [])
                               if isinstance(place[0], dict)])
    node[str(key) + "z"] = node.pop(key)


def delete(document, chance):
    node, key = chance.choice(places(document, []))
    del node[key]


# What a schema can tell for certain, and what it may leave to the program.
CERTAIN = [add_key, add_thread_key, no_threads, wrong_role, steps_of_text, no_such_operation,
           two_operations, negative, too_large]
PERHAPS = [replace, rename, delete]


def mutants(schema, vkept, directory, out):
    check = validator(schema)
    mutations = {}
    for index, path in enumerate(files(directory)):
        change = (CERTAIN + 3 * PERHAPS)[index % (len(CERTAIN) + 3 * len(PERHAPS))]
        document = copy.deepcopy(load(path)[0])
        change(document, random.Random(index))
        name = "%s/%04d-%s.yaml" % (out, index, change.__name__)
        with open(name, "w", encoding="utf-8") as file:
            yaml.safe_dump(document, file, sort_keys=False)
        mutations[name] = change
    accepted = verdicts(vkept, out)
    counts = {True: 0, False: 0}
    for path, change in mutations.items():
        valid = check.is_valid(load(path)[0])
        counts[valid] += 1
        if accepted[path] and not valid:
            complain(path, "is refused by the schema alone")
        if change in CERTAIN and (accepted[path] or valid):
            complain(path, "is accepted by", "the program" if accepted[path] else "the schema")
    print(len(mutations), "mutants,", counts[False], "of them refused by the schema")


def main():
    commands = {"results": results, "scenarios": scenarios, "broken": broken, "mutants": mutants}
    commands[sys.argv[1]](*sys.argv[2:])
    sys.exit(1 if WRONG else 0)


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    main()
