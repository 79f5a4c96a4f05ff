using System.Reflection;
using System.Runtime.CompilerServices;

namespace Plue.Server.Tests.Architecture;

public class ChatDelegateTests
{
    private const int Limit = 3;

    /// <summary>Control flow through stored delegates is hard to follow; use interfaces of Chat instead.</summary>
    [Fact]
    public void Types_of_Chat_store_at_most_three_delegates()
    {
        const BindingFlags All =
            BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var stored = typeof(Plue.Server.Chat.Conversation)
            .Assembly.GetTypes()
            .Where(type => type.Namespace == "Plue.Server.Chat" && !IsGenerated(type))
            .SelectMany(type => type.GetFields(All))
            .Where(field => IsFuncOrAction(field.FieldType))
            .Select(field => $"{field.DeclaringType!.Name}.{field.Name}")
            .ToList();
        Assert.True(stored.Count is > 0 and <= Limit, string.Join('\n', stored));
    }

    /// <summary>Closures and state machines.</summary>
    private static bool IsGenerated(Type type) =>
        type.IsDefined(typeof(CompilerGeneratedAttribute)) || (type.DeclaringType is { } outer && IsGenerated(outer));

    private static bool IsFuncOrAction(Type type) =>
        type == typeof(Action) || (type.IsGenericType && type.Namespace == "System" && type.Name.Split('`')[0] is "Func" or "Action");
}
