using System.Runtime.Versioning;
using System.Text.Json;
using Plue.Server.Agents;
using Plue.Server.Chat;
using Plue.Server.Platform;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

/// <summary>The effect of every argument of every built-in tool.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ToolParametersTests : IAsyncLifetime
{
    private static readonly string Long = new('x', 201);

    /// <summary>For each argument of each tool, a call that sets it, and an excerpt of its result.</summary>
    private static readonly (string Argument, string Parameters, string Says)[] Table =
    [
        ("read.path", """{"path":"a.txt"}""", "     1\tone\n     2\ttwo\n     3\ttwo\n"),
        ("read.from", """{"path":"a.txt","from":3}""", "     3\ttwo\n[These are lines 3 to 3 of 3.]\n"),
        ("read.to", """{"path":"a.txt","to":1}""", "     1\tone\n[These are lines 1 to 1 of 3.]\n"),
        ("write.path", """{"path":"new.txt","content":""}""", "Made new.txt."),
        ("write.content", """{"path":"a.txt","content":"other"}""", "Wrote a.txt."),
        ("edit.path", """{"path":"a.txt","old":"one","new":"1"}""", "Changed a.txt in line 1."),
        ("edit.old", """{"path":"a.txt","old":"three","new":"3"}""", "The text was not found"),
        ("edit.new", """{"path":"a.txt","old":"one","new":"one"}""", "`old` and `new` are the same."),
        ("edit.all", """{"path":"a.txt","old":"two","new":"2","all":true}""", "Changed a.txt in 2 places."),
        ("search.query", """{"query":"one"}""", "a.txt:1: one\n"),
        ("search.regex", """{"query":"^t.o$","regex":true}""", "a.txt:2: two\na.txt:3: two\n"),
        ("search.files", """{"files":"*.md"}""", "b.md\n"),
        ("search.ignore_case", """{"query":"ONE","ignore_case":true}""", "a.txt:1: one\n"),
        ("bash.command", """{"command":"echo said"}""", "said\n[Exit code 0"),
        ("bash.timeout_s", """{"command":"sleep 20","timeout_s":1}""", "[Stopped after 1 s"),
        ("bash.background", """{"command":"echo said","background":true}""", " has ended: exit code 0"),
        ("bash_process.id", """{"id":"cmd_1"}""", "There is no background command cmd_1. Use cmd_"),
        ("bash_process.input", """{"id":"@","input":"typed","wait_for":"^typed"}""", "typed\n[The output matches.]"),
        ("bash_process.wait_for", """{"id":"@","wait_for":"never","timeout_s":1}""", "[This did not happen within 1 s.]"),
        ("bash_process.port", """{"id":"@","port":1,"timeout_s":1}""", "[This did not happen within 1 s.]"),
        ("bash_process.timeout_s", """{"id":"@","timeout_s":1}""", " is running, "),
        ("bash_process.stop", """{"id":"@","stop":true}""", " was stopped.]"),
        ("problems.path", """{"path":"a.txt"}""", "No problems are reported for a.txt."),
        ("symbols.path", """{"path":"a.txt"}""", "a.txt has no symbols."),
        ("symbols.query", """{"query":"one"}""", "No symbol of the workspace matches."),
        ("references.path", """{"path":"../a.txt","line":1,"symbol":"one"}""", "outside the workspace"),
        ("references.line", """{"path":"a.txt","line":0,"symbol":"one"}""", "`line` must be a whole number"),
        ("references.symbol", """{"path":"a.txt","line":1,"symbol":""}""", "`symbol` must be the name"),
        ("references.kind", """{"path":"a.txt","line":1,"symbol":"one","kind":"definition"}""", "found no definition."),
        ("rename.path", """{"path":"../a.txt","line":1,"symbol":"one","new_name":"two"}""", "outside the workspace"),
        ("rename.line", """{"path":"a.txt","line":0,"symbol":"one","new_name":"two"}""", "`line` must be a whole number"),
        ("rename.symbol", """{"path":"a.txt","line":1,"symbol":"","new_name":"two"}""", "`symbol` must be the name"),
        ("rename.new_name", """{"path":"a.txt","line":1,"symbol":"one","new_name":""}""", "`new_name` must be a name"),
        ("tests.files", """{"files":["../a.test.ts"]}""", "outside the workspace"),
        ("tests.names", """{"names":{"adds":true}}""", "`names` must be a list"),
        ("edit_cell.path", """{"path":"a.txt","cell":1,"source":"b"}""", "a.txt is not a notebook"),
        ("edit_cell.cell", """{"path":"n.ipynb","cell":2,"source":"b"}""", "There is no cell 2: n.ipynb has 1 cell."),
        ("edit_cell.action", """{"path":"n.ipynb","cell":1,"action":"delete"}""", "Deleted cell 1 of n.ipynb."),
        ("edit_cell.kind", """{"path":"n.ipynb","cell":1,"action":"insert","kind":"raw","source":"b"}""", "`kind` must be"),
        ("edit_cell.source", """{"path":"n.ipynb","cell":1,"source":"b"}""", "Replaced cell 1 of n.ipynb."),
        ("run_cell.path", """{"path":"a.txt","cell":1}""", "a.txt is not a notebook"),
        ("run_cell.cell", """{"path":"n.ipynb","cell":2}""", "There is no cell 2"),
        ("run_cell.timeout_s", """{"path":"n.ipynb","cell":1,"timeout_s":0}""", "`timeout_s` must be a whole number"),
        ("todo.steps", """{"steps":[]}""", "The list is now empty."),
        ("ask_user.question", """{"question":"Which?"}""", "No user is available to answer."),
        ("ask_user.options", """{"question":"Which?","options":[]}""", "`options` has 2 to 4 entries."),
        (
            "ask_user.options[].label",
            $$"""{"question":"Which?","options":[{"label":"{{Long}}"},{"label":"b"}]}""",
            "have at most 200 characters"
        ),
        (
            "ask_user.options[].description",
            $$"""{"question":"Which?","options":[{"label":"a","description":"{{Long}}"},{"label":"b"}]}""",
            "have at most 200 characters"
        ),
        ("todo.steps[].text", """{"steps":[{"text":"Do it","state":"open"}]}""", "[ ] Do it\n"),
        ("todo.steps[].state", """{"steps":[{"text":"Do it","state":"done"}]}""", "[x] Do it\n"),
        ("codex.collection", """{"collection":"templates"}""", "codex://templates/task-code-writer"),
        ("codex.uri", """{"uri":"codex://prompts/tool-read"}""", "file"),
        (
            "edit_codex.uri",
            """{"uri":"codex://prompts/tool-read","old":"a","new":"b"}""",
            "You have not read the current version of codex://prompts/tool-read."
        ),
        ("edit_codex.text", """{"uri":"codex://prompts/new","text":"Be brief."}""", "It changes codex://prompts/new"),
        ("edit_codex.old", """{"uri":"codex://prompts/new","old":"a","new":"b"}""", "codex://prompts/new does not exist."),
        (
            "edit_codex.new",
            """{"uri":"codex://prompts/new","text":"a","new":"b"}""",
            "Set `text` to the whole document, or `old` and `new`"
        ),
        ("skill.name", """{"name":"note"}""", "There is no skill `note`. Did you mean `notes`?"),
        ("skill.arguments", """{"name":"notes","arguments":"of today"}""", "Write notes.\n\nARGUMENTS: of today\n</skill>"),
        ("fetch.url", """{"url":"http://127.0.0.1:9/"}""", "127.0.0.1:9 is this machine or "),
        ("spawn_task.template", """{"template":"worker","goal":"g"}""", "worker|"),
        ("spawn_task.goal", """{"template":"worker","goal":"Count them."}""", "|Count them.|"),
        ("spawn_task.values", """{"template":"worker","goal":"g","values":{"language":"rust"}}""", """|{"language":"rust"}|"""),
        ("spawn_task.budget", """{"template":"worker","goal":"g","budget":{}}""", "Usd = , Tokens = , Rounds = , Seconds = "),
        ("spawn_task.budget.usd", """{"template":"worker","goal":"g","budget":{"usd":0.5}}""", "Usd = 0.5,"),
        ("spawn_task.budget.tokens", """{"template":"worker","goal":"g","budget":{"tokens":7}}""", "Tokens = 7,"),
        ("spawn_task.budget.rounds", """{"template":"worker","goal":"g","budget":{"rounds":8}}""", "Rounds = 8,"),
        ("spawn_task.budget.seconds", """{"template":"worker","goal":"g","budget":{"seconds":9}}""", "Seconds = 9 "),
        ("spawn_task.model", """{"template":"worker","goal":"g","model":"small"}""", "|small|True|"),
        ("spawn_task.isolation", """{"template":"worker","goal":"g","isolation":"worktree"}""", "|isolated"),
        ("spawn_task.wait", """{"template":"worker","goal":"g","wait":false}""", "|False|"),
        ("task_status.ids", """{"ids":["codex://tasks/a","codex://tasks/b"]}""", "status codex://tasks/a,codex://tasks/b"),
        ("task_wait.ids", """{"ids":["codex://tasks/a"]}""", "codex://tasks/a|False|"),
        ("task_wait.for", """{"for":"any"}""", "|True|"),
        ("task_wait.timeout_seconds", """{"timeout_seconds":90}""", "|False|00:01:30"),
        ("send_message.task", """{"task":"parent","text":"t"}""", "parent|"),
        ("send_message.text", """{"task":"parent","text":"Be brief."}""", "|Be brief."),
        ("board_post.note", """{"note":"Dates use\nISO 8601."}""", "posted Dates use ISO 8601."),
        ("write_plan.title", """{"title":"Dates","goal":"g","steps":[{"title":"One","description":"d"}]}""", "Dates\n\ng\n\n1. One\n"),
        ("write_plan.goal", """{"title":"Dates","goal":"All valid.","steps":[{"title":"One","description":"d"}]}""", "All valid."),
        ("write_plan.steps", """{"title":"Dates","goal":"g","steps":[]}""", "`steps` must have 1 to 30 steps, and there are 0."),
        ("write_plan.steps[].title", """{"title":"Dates","goal":"g","steps":[{"title":"One","description":"d"}]}""", "1. One"),
        (
            "write_plan.steps[].description",
            """{"title":"t","goal":"g","steps":[{"title":"One","description":"Do it."}]}""",
            "description: Do it."
        ),
        (
            "write_plan.steps[].files",
            """{"title":"t","goal":"g","steps":[{"title":"One","description":"d","files":["./a.ts","src/**"]}]}""",
            "files: a.ts, src/**"
        ),
        (
            "write_plan.steps[].checks",
            """{"title":"t","goal":"g","steps":[{"title":"One","description":"d","checks":["npm test"]}]}""",
            "checks: npm test"
        ),
        (
            "write_plan.steps[].template",
            """{"title":"t","goal":"g","steps":[{"title":"One","description":"d","template":"task-reviewer"}]}""",
            "template: task-reviewer"
        ),
        (
            "write_plan.steps[].model",
            """{"title":"t","goal":"g","steps":[{"title":"One","description":"d","model":"local/small"}]}""",
            "model: local/small"
        ),
        (
            "write_plan.steps[].budget_share",
            """{"title":"t","goal":"g","steps":[{"title":"One","description":"d","budget_share":40}]}""",
            "budget_share: 40"
        ),
        ("finish.summary", """{"summary":"All done."}""", "The task has ended."),
    ];

    private ToolHome home = null!;

    public static TheoryData<string> Arguments => [.. Table.Select(row => row.Argument)];

    public static TheoryData<string> Tools => [.. Table.Select(row => ToolOf(row.Argument)).Distinct()];

    public async ValueTask InitializeAsync()
    {
        home = await ToolHome.StartAsync("bash(echo *)", "bash(sleep *)", "fetch(127.0.0.1)", "spawn_task");
        await File.WriteAllTextAsync(Path.Combine(home.Folder, "a.txt"), "one\ntwo\ntwo\n");
        await File.WriteAllTextAsync(Path.Combine(home.Folder, "b.md"), "other\n");
        await File.WriteAllTextAsync(Path.Combine(home.Folder, "n.ipynb"), """{"cells":[{"cell_type":"code","source":"a"}]}""");
    }

    public async ValueTask DisposeAsync() => await home.DisposeAsync();

    [Fact]
    public void Every_argument_of_every_built_in_tool_is_set_by_a_test()
    {
        // The arguments of web_search, which needs a chat, are in WebSearchToolTests.
        Assert.Equal(
            ToolNames.All.Select(tool => tool.Name).Except([WebSearchTool.ToolName]).Append(FinishTool.ToolName).Order(),
            home.Toolbox.Tools.Select(tool => tool.Name).Order()
        );
        var declared = home.Toolbox.Tools.SelectMany(tool => ArgumentsIn(tool.Name, SchemaOf(tool)));
        Assert.Equal(declared.Order(), Table.Select(row => row.Argument).Order());
    }

    [Theory]
    [MemberData(nameof(Arguments))]
    public async Task An_argument_that_is_set_has_its_effect(string argument)
    {
        var row = Table.Single(row => row.Argument == argument);
        await home.CallAsync("read", """{"path":"a.txt"}""");
        await home.CallAsync("read", """{"path":"n.ipynb"}""");
        var started = (await home.CallAsync("bash", """{"command":"cat","background":true}""")).Result ?? "";
        var parameters = row.Parameters.Replace(
            "@",
            started.Split('[', ' ').FirstOrDefault(word => word.StartsWith("cmd_", StringComparison.Ordinal)),
            StringComparison.Ordinal
        );
        var result = await home.CallAsync(ToolOf(argument), parameters);
        Assert.Contains(row.Says, result.Result ?? result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Tools))]
    public async Task Unknown_arguments_are_refused_as_declared_in_the_schema(string name)
    {
        var tool = home.Toolbox.Tools.Single(tool => tool.Name == name);
        Assert.All(ObjectsIn(SchemaOf(tool)), schema => Assert.False(schema.GetProperty("additionalProperties").GetBoolean()));
        foreach (var (argument, parameters, _) in Table.Where(row => ToolOf(row.Argument) == name))
        {
            if (name == FinishTool.ToolName)
            {
                continue;
            } // its arguments depend on the template: see the orchestration tests

            var result = await home.CallAsync(name, $$"""{"cwd":1,{{parameters[1..]}}""".Replace(",}", "}", StringComparison.Ordinal));
            Assert.StartsWith(
                "The parameter `cwd` does not exist. Nothing was done. Use only `",
                result.Error ?? $"{argument} was done",
                StringComparison.Ordinal
            );
        }
    }

    [Theory]
    [InlineData("todo", """{"steps":[{"text":"a","state":"open","mode":1}]}""")]
    [InlineData("spawn_task", """{"template":"worker","goal":"g","budget":{"mode":1}}""")]
    public async Task An_argument_that_a_tool_does_not_know_is_refused_in_its_objects_too(string tool, string parameters) =>
        Assert.StartsWith("The parameter `mode` does not exist.", (await home.CallAsync(tool, parameters)).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"template":"worker","goal":"g","values":{"a":1,"a":2}}""", "`a` is set twice.")]
    [InlineData("""{"template":"worker","goal":"g","budget":{"usd":0}}""", "`usd` must be a number greater than 0")]
    [InlineData("""{"template":"worker","goal":"g","budget":{"tokens":0.5}}""", "`tokens` must be a whole number")]
    [InlineData("""{"template":"worker","goal":"g","budget":[]}""", "`budget` must be an object.")]
    [InlineData("""{"template":"worker","goal":{}}""", "`goal` must be a text.")]
    public async Task Invalid_spawn_task_arguments_are_refused_with_a_sentence(string parameters, string sentence) =>
        Assert.StartsWith(sentence, (await home.CallAsync("spawn_task", parameters)).Error, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Tools))]
    public async Task Half_a_character_in_any_argument_of_any_tool_is_a_bad_argument(string tool)
    {
        foreach (
            var broken in new[]
            {
                """{"path":"a\ud800"}""",
                """{"\udfff":1}""",
                """{"a":[{"b":"\ud83d\ud83d\ude00"}]}""",
                "{\"path\":\"\uD800\"}",
            }
        )
        {
            Assert.Equal(ToolArguments.HalfCharacter, (await home.CallAsync(tool, broken)).Error);
        }
    }

    [Theory]
    [MemberData(nameof(Tools))]
    public async Task Arguments_over_the_limit_are_refused_by_every_tool(string tool) =>
        Assert.Equal(
            ToolArguments.TooLong,
            (await home.CallAsync(tool, $$"""{"content":"{{new string('x', ToolArguments.MaxLength)}}"}""")).Error
        );

    private static string ToolOf(string argument) => argument[..argument.IndexOf('.', StringComparison.Ordinal)];

    private static JsonElement SchemaOf(ITool tool) => JsonElement.Parse(tool.Declaration.ParametersSchema);

    private static IEnumerable<string> ArgumentsIn(string place, JsonElement schema)
    {
        if (schema.TryGetProperty("items", out var items))
        {
            return ArgumentsIn($"{place}[]", items);
        }
        if (!schema.TryGetProperty("properties", out var properties))
        {
            return [];
        }

        return properties
            .EnumerateObject()
            .SelectMany(property => ArgumentsIn($"{place}.{property.Name}", property.Value).Prepend($"{place}.{property.Name}"));
    }

    private static IEnumerable<JsonElement> ObjectsIn(JsonElement schema)
    {
        if (schema.TryGetProperty("items", out var items))
        {
            return ObjectsIn(items);
        }
        return schema.TryGetProperty("properties", out var properties)
            ? properties.EnumerateObject().SelectMany(property => ObjectsIn(property.Value)).Prepend(schema)
            : [];
    }
}
