using System.Reflection;
using Plue.Server.Modules;

namespace Plue.Server.Tests.Architecture;

/// <summary>
/// A lookup that finds nothing returns the default of its type. For a class, that is null and gets noticed; for a struct, it looks like a result, and a
/// default <c>JsonProperty</c> throws when its name is read. Each such lookup is listed here with the reason why its default is harmless.
/// </summary>
public class ValueLookupTests
{
    private const int MemberReferences = 0x0A000000;
    private const int MethodSpecifications = 0x2B000000;

    private static readonly string[] Lookups =
    [
        "FirstOrDefault",
        "LastOrDefault",
        "SingleOrDefault",
        "ElementAtOrDefault",
        "Find",
        "FindLast",
    ];

    private static readonly Dictionary<string, string> Reviewed = new()
    {
        ["ElementAtOrDefault of Char"] = "Behind the end of a query is no quotation mark.",
        ["Find of Int32"] = "The last edge of a snippet is always one.",
        ["FindLast of Int32"] = "A snippet without an edge begins at 0.",
        ["FirstOrDefault of Char"] = "An empty icon begins with no letter.",
        ["FirstOrDefault of Int32"] = "The default is given.",
        ["FirstOrDefault of JsonDerivedType"] = "The type that is null is looked at first.",
        ["FirstOrDefault of JsonElement"] = "Undefined: parameters that are not there.",
        ["FirstOrDefault of KeyValuePair<String, Object>"] = "A value that is null matches no case.",
        ["FirstOrDefault of ValueTuple<Int32, PlanStep>"] = "The step that is null is looked at first.",
        ["FirstOrDefault of ValueTuple<ProviderSettings, IReadOnlyList<ModelInfo>>"] = "The list that is null is looked at first.",
        ["FirstOrDefault of ValueTuple<String, Json5Node>"] = "A value that is null fits no pattern.",
        ["FirstOrDefault of ValueTuple<String, String>"] = "The variable that is null is looked at first.",
        ["FirstOrDefault of ValueTuple<String, String[]>"] = "The list that is null is looked at first.",
        ["FirstOrDefault of ValueTuple<String, String, String[]>"] = "The list that is null is looked at first.",
        ["LastOrDefault of JsonElement"] = "Undefined: a field without a value.",
        ["LastOrDefault of ValueTuple<CodexUri, String>"] = "The path that is null is looked at first.",
    };

    [Fact]
    public void A_lookup_of_a_value_that_may_not_be_there_is_reviewed()
    {
        var module = typeof(Services).Module;
        var found = Methods(module, MethodSpecifications)
            .Where(method => method.DeclaringType == typeof(Enumerable))
            .Select(method => (method.Name, Type: method.GetGenericArguments()[0]))
            .Concat(
                Methods(module, MemberReferences)
                    .Where(method =>
                        method.DeclaringType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(List<>)
                    )
                    .Select(method => (method.Name, Type: method.DeclaringType!.GetGenericArguments()[0]))
            )
            .Where(lookup => Lookups.Contains(lookup.Name) && lookup.Type.IsValueType && Nullable.GetUnderlyingType(lookup.Type) is null)
            .Select(lookup => $"{lookup.Name} of {NameOf(lookup.Type)}");
        Assert.Equal(string.Join('\n', Reviewed.Keys.Order()), string.Join('\n', found.Distinct().Order()));
    }

    /// <summary>Gets the methods that the module calls: generic methods as instantiated, and methods of other assemblies.</summary>
    private static IEnumerable<MethodInfo> Methods(Module module, int table)
    {
        for (var row = 1; ; row++)
        {
            MemberInfo? member;
            try
            {
                member = module.ResolveMember(table | row);
            }
            catch (ArgumentOutOfRangeException)
            {
                yield break;
            }
            catch (Exception fault) when (fault is ArgumentException or BadImageFormatException or TypeLoadException)
            {
                continue;
            } // it depends on type parameters of the enclosing generic code

            if (member is MethodInfo method)
            {
                yield return method;
            }
        }
    }

    private static string NameOf(Type type) =>
        type.IsGenericType
            ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
            : type.Name;
}
