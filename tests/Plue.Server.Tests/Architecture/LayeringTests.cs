using System.Text.RegularExpressions;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Architecture;

/// <summary>The allowed dependencies between folders. A new dependency must be added to this table and to the one in ARCHITECTURE.md.</summary>
public partial class LayeringTests
{
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Messages"] = [],
        ["Platform"] = ["Messages"],
        ["Editor"] = ["Messages", "Platform"],
        ["Json5"] = [],
        ["Policy"] = ["Json5", "Messages", "Platform"],
        ["Network"] = ["Policy", "Messages", "Platform"],
        ["Store"] = ["Messages", "Platform"],
        ["Vault"] = ["Messages", "Platform"],
        ["Catalog"] = ["Messages", "Platform"],
        ["Templates"] = ["Json5", "Store", "Messages", "Platform"],
        ["Codices"] = ["Policy", "Json5", "Templates", "Store", "Messages", "Platform"],
        ["Providers"] = ["Network", "Policy", "Messages", "Platform", "Catalog"],
        ["Language"] = ["Codices", "Templates", "Providers", "Catalog", "Json5", "Messages", "Platform"],
        ["Permissions"] = ["Policy", "Templates", "Store", "Json5", "Messages", "Platform"],
        ["Edits"] = ["Codices", "Store", "Messages", "Platform"],
        ["Worktrees"] = ["Codices", "Store", "Json5", "Messages", "Platform"],
        ["Tools"] =
        [
            "Network",
            "Editor",
            "Edits",
            "Permissions",
            "Providers",
            "Codices",
            "Policy",
            "Templates",
            "Store",
            "Json5",
            "Messages",
            "Platform",
        ],
        ["Chat"] =
        [
            "Worktrees",
            "Editor",
            "Tools",
            "Edits",
            "Permissions",
            "Providers",
            "Codices",
            "Templates",
            "Store",
            "Catalog",
            "Policy",
            "Json5",
            "Messages",
            "Platform",
        ],
        ["Agents"] =
        [
            "Worktrees",
            "Editor",
            "Chat",
            "Tools",
            "Edits",
            "Permissions",
            "Providers",
            "Codices",
            "Templates",
            "Store",
            "Catalog",
            "Json5",
            "Messages",
            "Platform",
        ],
        ["Reviews"] = ["Worktrees", "Chat", "Tools", "Edits", "Permissions", "Providers", "Codices", "Store", "Messages", "Platform"],
        ["Notifications"] = ["Network", "Agents", "Permissions", "Providers", "Codices", "Policy", "Store", "Messages", "Platform"],
        ["Telemetry"] = ["Chat", "Network", "Providers", "Codices", "Store", "Policy", "Json5", "Messages", "Platform"],
        ["Audit"] = ["Transfer", "Permissions", "Policy", "Store", "Messages", "Platform"],
        ["Transfer"] = ["Store", "Codices", "Templates", "Vault", "Json5", "Messages", "Platform"],
        ["Health"] =
        [
            "Worktrees",
            "Network",
            "Notifications",
            "Telemetry",
            "Tools",
            "Policy",
            "Permissions",
            "Providers",
            "Catalog",
            "Codices",
            "Vault",
            "Store",
            "Messages",
            "Platform",
        ],
        ["Modules"] =
        [
            "Reviews",
            "Notifications",
            "Worktrees",
            "Network",
            "Audit",
            "Editor",
            "Health",
            "Transfer",
            "Agents",
            "Chat",
            "Tools",
            "Edits",
            "Permissions",
            "Language",
            "Providers",
            "Codices",
            "Templates",
            "Vault",
            "Store",
            "Catalog",
            "Telemetry",
            "Policy",
            "Json5",
            "Messages",
            "Platform",
        ],
        ["Rpc"] =
        [
            "Reviews",
            "Worktrees",
            "Mcp",
            "Editor",
            "Modules",
            "Health",
            "Transfer",
            "Agents",
            "Chat",
            "Tools",
            "Edits",
            "Permissions",
            "Language",
            "Providers",
            "Codices",
            "Templates",
            "Vault",
            "Store",
            "Catalog",
            "Telemetry",
            "Policy",
            "Json5",
            "Messages",
            "Platform",
            "Protocol",
        ],
        ["Acp"] =
        [
            "Modules",
            "Edits",
            "Tools",
            "Chat",
            "Permissions",
            "Providers",
            "Codices",
            "Templates",
            "Store",
            "Messages",
            "Platform",
        ],
        ["Mcp"] =
        [
            "Modules",
            "Agents",
            "Chat",
            "Tools",
            "Permissions",
            "Codices",
            "Policy",
            "Templates",
            "Store",
            "Json5",
            "Messages",
            "Platform",
        ],
        ["Cli"] =
        [
            "Reviews",
            "Worktrees",
            "Network",
            "Audit",
            "Acp",
            "Mcp",
            "Rpc",
            "Modules",
            "Health",
            "Transfer",
            "Agents",
            "Chat",
            "Tools",
            "Edits",
            "Permissions",
            "Language",
            "Providers",
            "Codices",
            "Templates",
            "Vault",
            "Store",
            "Catalog",
            "Telemetry",
            "Policy",
            "Json5",
            "Messages",
            "Platform",
            "Protocol",
        ],
    };

    public static TheoryData<string> Rooms => [.. MayUse.Keys];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_uses_only_the_rooms_below_it(string room)
    {
        var folder = Path.Combine(Repository.Root, "server", "Plue.Server", room);
        var faults = Directory
            .EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .SelectMany(file =>
                ArrowsOf(File.ReadAllText(file))
                    .Where(used => used != room && !MayUse[room].Contains(used))
                    .Select(used => $"{Path.GetRelativePath(Repository.Root, file)} uses {used}")
            );
        Assert.Empty(faults);
    }

    [Fact]
    public void Every_room_is_in_the_table()
    {
        var rooms = Directory.EnumerateDirectories(Path.Combine(Repository.Root, "server", "Plue.Server")).Select(Path.GetFileName);
        Assert.Empty(rooms.Where(room => room is not null and not "bin" and not "obj" and not "Properties").Except(MayUse.Keys));
    }

    [Fact]
    public void The_table_has_no_circle()
    {
        foreach (var (room, below) in MayUse)
        {
            Assert.DoesNotContain(below, lower => MayUse.GetValueOrDefault(lower, []).Contains(room));
        }
    }

    [Theory]
    [InlineData("using Plue.Server.Chat;", "Chat")]
    [InlineData("var x = Plue.Server.Vault.Redactor.None;", "Vault")]
    [InlineData("private Vault.Vault vault;", "Vault")]
    [InlineData("using Plue.Protocol;", "Protocol")]
    [InlineData("// see Plue.Server.Chat", null)]
    [InlineData("var a = parsed.Messages.Count;", null)]
    public void A_dependency_is_detected_in_any_notation(string line, string? expected) =>
        Assert.Equal(expected is null ? [] : [expected], ArrowsOf(line));

    private static IEnumerable<string> ArrowsOf(string source)
    {
        var code = Comments().Replace(source, "");
        var rooms = string.Join('|', MayUse.Keys);
        return Regex
            .Matches(code, $@"\bPlue\.(?:Server\.)?({rooms}|Protocol)\b")
            .Select(match => match.Groups[1].Value)
            .Concat(
                Regex
                    .Matches(code, $@"(?<![\w.""])({rooms})\.[A-Z]\w*[ .(\[,)>?]")
                    .Select(match => match.Groups[1].Value)
                    .Where(room => !Regex.IsMatch(code, $@"(?m)(\b\w+|[>\]?]) {room}\s*(\{{|=>|=|;|,|\))"))
            )
            .Distinct();
    }

    [GeneratedRegex(@"//.*?$|/\*.*?\*/", RegexOptions.Multiline)]
    private static partial Regex Comments();
}
