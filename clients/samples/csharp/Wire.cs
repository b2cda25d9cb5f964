// The part of protocol buffers that a claim and an upload need, because Debian has no package for it. A project that
// can use NuGet takes Google.Protobuf and exposure.proto instead.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

public static class Wire
{
    const int VarintType = 0, BytesType = 2;

    public sealed class Writer
    {
        readonly MemoryStream stream = new MemoryStream();

        public Writer Add(int field, byte[] value)
        {
            Varint((ulong)(field << 3 | BytesType));
            Varint((ulong)value.Length);
            stream.Write(value, 0, value.Length);
            return this;
        }

        public Writer Add(int field, long value)
        {
            Varint((ulong)(field << 3 | VarintType));
            Varint((ulong)value);
            return this;
        }

        public byte[] ToArray() => stream.ToArray();

        void Varint(ulong value)
        {
            for (; value > 127; value >>= 7) stream.WriteByte((byte)(value & 127 | 128));
            stream.WriteByte((byte)value);
        }
    }

    public sealed class Message
    {
        internal readonly Dictionary<int, long> numbers = new Dictionary<int, long>();
        internal readonly Dictionary<int, byte[]> bytes = new Dictionary<int, byte[]>();

        public long? Number(int field) => numbers.ContainsKey(field) ? numbers[field] : (long?)null;
        public byte[] Bytes(int field) => bytes.ContainsKey(field) ? bytes[field] : new byte[0];
    }

    // Read a message; throw FormatException for what is none. The messages that are read have no other types of fields.
    public static Message Parse(byte[] content)
    {
        var message = new Message();
        for (var at = 0; at < content.Length;)
        {
            var tag = Varint(content, ref at);
            var field = (int)(tag >> 3);
            if (field == 0) throw new FormatException();
            if ((tag & 7) == VarintType)
            {
                message.numbers[field] = (long)Varint(content, ref at);
                continue;
            }
            var length = Varint(content, ref at);
            if ((tag & 7) != BytesType || length > (ulong)(content.Length - at)) throw new FormatException();
            message.bytes[field] = content.Skip(at).Take((int)length).ToArray();
            at += (int)length;
        }
        return message;
    }

    static ulong Varint(byte[] content, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64 && at < content.Length; shift += 7)
        {
            var one = content[at++];
            value |= (ulong)(one & 127) << shift;
            if (one < 128) return value;
        }
        throw new FormatException();
    }
}
