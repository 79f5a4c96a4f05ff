using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Server.Platform;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

/// <summary>
/// Random and malicious arguments for every built-in tool, on the same code path as calls of a model. <c>PLUE_FUZZ_SECONDS</c> sets the duration (10);
/// <c>PLUE_FUZZ_SEED</c> sets the seed, which repeats the same calls.
/// </summary>
[UnsupportedOSPlatform("windows")]
public sealed class ToolFuzzTests
{
    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(60);

    private static readonly string[] Texts =
    [
        "",
        " ",
        "a.txt",
        "b/c.md",
        "new.txt",
        "one",
        "two",
        "b",
        ".",
        "..",
        "../outside.txt",
        "/etc/passwd",
        "/dev/zero",
        "/proc/self/environ",
        "~",
        "~/x",
        "a\0b",
        "a\nb",
        "link",
        "circle",
        "pipe",
        "closed",
        ".git/config",
        ".vscode/settings.json",
        "**/*",
        "{a,b",
        "[",
        "(",
        "(a+)+$",
        "\\",
        "%00",
        "a\u202Eb",
        "\u2800",
        "⟨U+202E⟩",
        "\uFEFF",
        "plue-output:",
        "plue-output:0123456789abcdef",
        "codex://",
        "codex://prompts/x",
        "codex://templates/../providers/x",
        "codex://items/\u0000",
        "http://127.0.0.1:9/",
        "http://[::1]:9/",
        "file:///etc/passwd",
        "https://",
        "http://user:pass@127.0.0.1/",
        "echo x",
        "true; false",
        "echo '",
        "$(",
        "sleep 0",
        "cat <<E",
        "prompts",
        "templates",
        "open",
        "done",
        "task",
        "task-code-writer",
        "-1",
        "null",
        "constructor",
        "__proto__",
        "\u0000\u0001\u0002",
    ];

    private static readonly string[] RawValues =
    [
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "2",
        "1.5",
        "1e400",
        "-1e400",
        "99999999999999999999",
        "1e-400",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "[]",
        "{}",
        "[[]]",
        "[null]",
        "{\"a\":1,\"a\":2}",
        "\"\\u0000\"",
    ];

    [Fact]
    public async Task Hostile_arguments_never_break_a_tool()
    {
        var seconds = Number("PLUE_FUZZ_SECONDS", 10);
        var seed = Number("PLUE_FUZZ_SEED", 14);
        await using var home = await ToolHome.StartAsync("bash(echo *)", "bash(true*)", "fetch(127.0.0.1)", "spawn_task");
        Fill(home);
        var random = new Random(seed);
        var schemas = home.Toolbox.Tools.ToDictionary(
            tool => tool.Declaration.Name,
            tool => JsonElement.Parse(tool.Declaration.ParametersSchema)
        );
        string[] names = [.. schemas.Keys, "no_such_tool"];
        var began = Stopwatch.StartNew();
        var calls = 0;
        for (; began.Elapsed < TimeSpan.FromSeconds(seconds); calls++)
        {
            var name = Pick(random, names);
            var parameters = ParametersOf(random, schemas.GetValueOrDefault(name));
            var what = $"Call {calls} with seed {seed}: {name} {(parameters.Length > 2_000 ? parameters[..2_000] : parameters)}";
            ToolCallResult result;
            try
            {
                result = await home.CallAsync(name, parameters).WaitAsync(LongestCall);
            }
            catch (Exception fault)
            {
                throw new InvalidOperationException(what, fault);
            }

            var text = result.Result ?? result.Error;
            Assert.True(text is not null && (result.Result is null || result.Error is null), what);
            Assert.False(text.Contains("in a way Plue did not expect", StringComparison.Ordinal), $"{what}\n{text}");
            Assert.True(HiddenCharacters.Count(text) == 0, $"{what}\n{text}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{calls} calls in {began.Elapsed.TotalSeconds:0} s with seed {seed}.");
        Assert.True(calls > 20, $"Only {calls} calls were made.");
        Assert.False(File.Exists(Path.Combine(home.Top, "outside.txt")));
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : otherwise;

    private static void Fill(ToolHome home)
    {
        string At(string name) => Path.Combine(home.Folder, name);
        File.WriteAllText(At("a.txt"), "one\r\ntwo\nb\u202E\r\n");
        Directory.CreateDirectory(At("b"));
        File.WriteAllText(At("b/c.md"), "# One\n" + string.Concat(Enumerable.Repeat("line two\n", 200)));
        File.WriteAllText(At("closed"), "x");
        File.SetUnixFileMode(At("closed"), UnixFileMode.None);
        File.CreateSymbolicLink(At("link"), home.Top);
        File.CreateSymbolicLink(At("circle"), "circle");
        ToolFixture.Shell("mkfifo pipe", home.Folder);
    }

    private static string ParametersOf(Random random, JsonElement schema)
    {
        switch (random.Next(20))
        {
            case 0:
                return Pick(
                    random,
                    [
                        "",
                        "null",
                        "[]",
                        "7",
                        "{",
                        "{\"a\":",
                        "\"x\"",
                        "{}{}",
                        "\uFEFF{}",
                        "{\"path\":\"\uD800\"}",
                        new string('[', 5_000),
                        new string(' ', 10_000),
                        "{'a':1}",
                        "{\"a\":1,}",
                    ]
                );
            case 1:
                return $"{{\"{Pick(random, ["path", "query", "command", "goal"])}\":\"{new string('x', random.Next(2) == 0 ? 50_000 : ToolArguments.MaxLength)}\"}}";
            case 2:
                return string.Concat(Enumerable.Repeat("{\"a\":", random.Next(100))) + "1" + new string('}', random.Next(100));
        }

        var members = new List<string>();
        if (schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties))
        {
            foreach (var property in properties.EnumerateObject().Where(_ => random.Next(8) > 0))
            {
                members.Add($"{Quoted(property.Name)}:{ValueOf(random, property.Value)}");
                if (random.Next(40) == 0)
                {
                    members.Add(members[^1]);
                }
            }
        }

        if (random.Next(10) == 0)
        {
            members.Add($"{Quoted(Pick(random, Texts))}:{Raw(random)}");
        }
        return $"{{{string.Join(',', members)}}}";
    }

    private static string ValueOf(Random random, JsonElement schema)
    {
        if (random.Next(5) == 0)
        {
            return Raw(random);
        }
        if (schema.TryGetProperty("items", out var items))
        {
            return $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => ValueOf(random, items)))}]";
        }
        if (schema.TryGetProperty("properties", out _))
        {
            return ParametersOf(random, schema);
        }

        return schema.TryGetProperty("type", out var type)
            ? type.GetString() switch
            {
                "integer" or "number" => random.Next(3) == 0
                    ? Pick(random, ["0", "-1", "1.5", "1e9", "2147483648"])
                    : random.Next(1, 5).ToString(CultureInfo.InvariantCulture),
                "boolean" => random.Next(2) == 0 ? "true" : "false",
                "object" => $"{{{Quoted(Pick(random, Texts))}:{Raw(random)}}}",
                _ => Quoted(random.Next(4) == 0 ? Pick(random, Texts) + Pick(random, Texts) : Pick(random, Texts)),
            }
            : Raw(random);
    }

    private static string Raw(Random random) => random.Next(3) == 0 ? Quoted(Garbage(random)) : Pick(random, RawValues);

    /// <summary>Returns random characters without surrogates, which other lists contain.</summary>
    private static string Garbage(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => (char)random.Next(random.Next(2) == 0 ? 0x80 : 0xD800)));

    private static string Quoted(string text) => JsonValue.Create(text).ToJsonString();

    private static T Pick<T>(Random random, IReadOnlyList<T> from) => from[random.Next(from.Count)];
}
