using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Architecture;

/// <summary>What the types of Chat must not store, so that a turn stays a straight line in the loop of its conversation.</summary>
public partial class ChatStateTests
{
    private const int Limit = 3;
    private const BindingFlags All =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>Control flow through stored delegates is hard to follow; use interfaces of Chat instead.</summary>
    [Fact]
    public void Types_of_Chat_store_at_most_three_delegates()
    {
        var stored = Fields().Where(field => IsFuncOrAction(field.FieldType)).Select(NameOf).ToList();
        Assert.True(stored.Count is > 0 and <= Limit, string.Join('\n', stored));
    }

    /// <summary>Decision 066 lists each remaining lock, with the state that no loop owns.</summary>
    [Fact]
    public void Types_of_Chat_have_no_lock_without_a_reason()
    {
        var decision = Repository.Read("docs/decisions/066-conversation-loop.md");
        var locks = Fields().Where(field => field.FieldType == typeof(Lock) || field.FieldType == typeof(SemaphoreSlim)).Select(NameOf);
        Assert.Equal(
            locks.Order(StringComparer.Ordinal),
            Rows().Matches(decision).Select(match => match.Groups["name"].Value).Order(StringComparer.Ordinal)
        );
    }

    private static IEnumerable<FieldInfo> Fields() =>
        typeof(Plue.Server.Chat.Conversation)
            .Assembly.GetTypes()
            .Where(type => type.Namespace == "Plue.Server.Chat" && !IsGenerated(type))
            .SelectMany(type => type.GetFields(All))
            .Where(field => !field.Name.StartsWith('<'));

    private static string NameOf(FieldInfo field) => $"{field.DeclaringType!.Name}.{field.Name}";

    [GeneratedRegex(@"^\| `(?<name>\w+\.\w+)` \|", RegexOptions.ExplicitCapture | RegexOptions.Multiline)]
    private static partial Regex Rows();

    /// <summary>Closures and state machines.</summary>
    private static bool IsGenerated(Type type) =>
        type.IsDefined(typeof(CompilerGeneratedAttribute)) || (type.DeclaringType is { } outer && IsGenerated(outer));

    private static bool IsFuncOrAction(Type type) =>
        type == typeof(Action) || (type.IsGenericType && type.Namespace == "System" && type.Name.Split('`')[0] is "Func" or "Action");
}
