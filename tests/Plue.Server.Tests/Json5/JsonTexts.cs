using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Json5;

namespace Plue.Server.Tests.Json5;

/// <summary>Random values, as nodes and as written by System.Text.Json.</summary>
internal static class JsonTexts
{
    private static readonly Gen<string> Text = ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => text.Get);

    private static readonly Gen<Json5Node> Plain = Gen.OneOf(
        Text.Select(text => (Json5Node)new Json5String(text)),
        ArbMap.Default.GeneratorFor<double>().Where(double.IsFinite).Select(number => (Json5Node)new Json5Number(number)),
        ArbMap.Default.GeneratorFor<int>().Select(number => (Json5Node)new Json5Number(number)),
        ArbMap.Default.GeneratorFor<bool>().Select(value => (Json5Node)new Json5Boolean(value)),
        Gen.Constant((Json5Node)new Json5Null())
    );

    public static Gen<Json5Node> Nodes { get; } = Gen.Sized(size => Node(Math.Min(size, 24)));

    public static Gen<Json5Object> Objects { get; } = Gen.Sized(size => Object(Math.Min(size, 24)));

    public static Arbitrary<string> Arbitrary { get; } = Nodes.Select(Write).ToArbitrary();

    /// <summary>Writes the value like a handwritten file, with random comments, line breaks, quotes and trailing commas.</summary>
    public static string Noisy(Json5Node node, Random random)
    {
        string[] between = ["", " ", "\n", "\r\n", "\t", " /* a, ] } : */ ", "// it's \"x\", {[\n", "\u00A0"];
        string Gap() => between[random.Next(between.Length)];
        string Text(string value) => Json5Writer.Write(new Json5String(value), quote: random.Next(2) == 0 ? '"' : '\'');
        string Entries(IReadOnlyList<string> entries) =>
            string.Join(",", entries.Select(entry => Gap() + entry + Gap()))
            + (entries.Count > 0 && random.Next(2) == 0 ? "," + Gap() : "");
        string Value(Json5Node value) =>
            value switch
            {
                Json5Object inner => "{"
                    + Gap()
                    + Entries([.. inner.Members.Select(member => Text(member.Name) + Gap() + ":" + Gap() + Value(member.Value))])
                    + "}",
                Json5Array list => "[" + Gap() + Entries([.. list.Items.Select(Value)]) + "]",
                Json5String text => Text(text.Value),
                _ => Json5Writer.Write(value),
            };
        return Gap() + Value(node) + Gap();
    }

    private static Gen<Json5Node> Node(int size) =>
        size <= 1
            ? Plain
            : Gen.OneOf(
                Plain,
                Object(size).Select(value => (Json5Node)value),
                Node(size / 3).ListOf().Select(items => (Json5Node)new Json5Array([.. items.Take(5)]))
            );

    private static Gen<Json5Object> Object(int size) =>
        Text.Zip(Node(size / 3), (name, value) => (name, value))
            .ListOf()
            .Select(members =>
                Json5Object.Of(
                    members.DistinctBy(member => WellFormed(member.name)).Take(6).Select(member => (WellFormed(member.name), member.value))
                )
            );

    /// <summary>Replaces lone surrogates, which System.Text.Json cannot write in a key.</summary>
    private static string WellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static string Write(Json5Node node)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = node is Json5Array }))
        {
            Write(writer, node);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter writer, Json5Node node)
    {
        switch (node)
        {
            case Json5String text:
                writer.WriteStringValue(WellFormed(text.Value));
                break;
            case Json5Number number:
                writer.WriteNumberValue(number.Value);
                break;
            case Json5Boolean boolean:
                writer.WriteBooleanValue(boolean.Value);
                break;
            case Json5Null:
                writer.WriteNullValue();
                break;
            case Json5Array array:
                writer.WriteStartArray();
                foreach (var item in array.Items)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case Json5Object value:
                writer.WriteStartObject();
                foreach (var member in value.Members)
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
        }
    }
}
