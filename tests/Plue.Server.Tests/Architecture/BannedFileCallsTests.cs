using System.Reflection;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Architecture;

public sealed class BannedFileCallsTests
{
    /// <summary>Members that take a path without opening the file.</summary>
    private static readonly string[] OpensNothing =
    [
        "Exists",
        "Delete",
        "Move",
        "MoveTo",
        "Encrypt",
        "Decrypt",
        "CreateSymbolicLink",
        "ResolveLinkTarget",
        "OpenNullHandle",
        "CreateHardLink",
        "CreateAsSymbolicLink",
        "Refresh",
        "ToString",
    ];

    [Fact]
    public void Every_call_of_dotnet_that_opens_a_file_by_its_path_is_banned()
    {
        var banned = File.ReadLines(Path.Combine(Repository.Root, "BannedSymbols.txt")).Select(line => line.Split(';')[0]).ToHashSet();
        const BindingFlags own = BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var opening = typeof(File)
            .GetMethods(own)
            .Concat(typeof(FileInfo).GetMethods(own))
            .Where(method =>
                !method.IsSpecialName
                && !OpensNothing.Contains(method.Name)
                && !(method.Name.StartsWith("Get", StringComparison.Ordinal) || method.Name.StartsWith("Set", StringComparison.Ordinal))
            )
            .Concat<MethodBase>(
                new[] { typeof(FileStream), typeof(StreamReader), typeof(StreamWriter) }
                    .SelectMany(type => type.GetConstructors())
                    .Where(made => made.GetParameters()[0].ParameterType == typeof(string))
            );
        Assert.DoesNotContain(opening.Select(IdOf), id => !banned.Contains(id));
    }

    private static string IdOf(MethodBase method)
    {
        var parameters = method.GetParameters();
        var name = $"M:{method.DeclaringType!.FullName}.{(method.IsConstructor ? "#ctor" : method.Name)}";
        return parameters.Length == 0
            ? name
            : $"{name}({string.Join(',', parameters.Select(parameter => NameOf(parameter.ParameterType)))})";
    }

    private static string NameOf(Type type) =>
        type.IsArray ? NameOf(type.GetElementType()!) + "[]"
        : type.IsGenericType ? $"{type.FullName!.Split('`')[0]}{{{string.Join(',', type.GetGenericArguments().Select(NameOf))}}}"
        : type.FullName!.Replace('+', '.');
}
